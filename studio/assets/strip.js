// Pictures to choose from: `props.value` is a list of {url, html, short}; a click sends the place of one.
let shown = props.value;
watch('value', () => { if (Array.isArray(props.value)) shown = props.value; });
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (Array.isArray(props.value)) shown = props.value;
  props.value = Number(button.dataset.index);
  trigger('input');
  props.value = shown;
});
