// Line art on the left, the colored picture on the right, and a slider between them.
const place = (at) => element.style.setProperty('--at', `${at}%`);
place(8);
element.addEventListener('input', (event) => {
  if (event.target.matches('input[type=range]')) place(event.target.value);
  event.stopPropagation();
});
watch('value', () => {
  const slider = element.querySelector('input[type=range]');
  if (slider) slider.value = parseFloat(element.style.getPropertyValue('--at'));
});
