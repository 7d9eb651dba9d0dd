// The sketch: `props.value` is what the server shows, {url, html, size}, or what it is given,
// {files: [path, …]} after an upload.
const give = async (files) => {
  if (!files.length) return;
  const error = (text) => { element.querySelector('.sketch-error').textContent = text; };
  error('');
  try {
    const uploaded = [];
    for (const file of files) uploaded.push((await upload(file)).path);
    props.value = { files: uploaded };
    trigger('input');
  } catch (problem) {
    error(`${[...files].map((file) => file.name).join(', ')} could not be sent: ${problem.message ?? problem}`);
  }
};

element.addEventListener('change', (event) => {
  if (!event.target.matches('input[type=file]')) return;
  event.stopPropagation();
  give([...event.target.files]);
  event.target.value = '';
});
element.addEventListener('input', (event) => event.stopPropagation());
element.addEventListener('click', (event) => {
  if (!event.target.closest('.sketch-remove')) return;
  props.value = {};
  trigger('input');
});
// Every answer draws this place anew; who was in it with the keyboard stays in it.
let isHere = false;
document.addEventListener('focusin', (event) => { isHere = element.contains(event.target); });
document.addEventListener('pointerdown', (event) => { isHere &&= element.contains(event.target); });
new MutationObserver(() => {
  if (isHere && document.activeElement.matches('body, :disabled')) {
    element.querySelector('input[type=file]').focus();
  }
}).observe(element, { childList: true, subtree: true, attributeFilter: ['disabled'] });
document.addEventListener('paste', (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length) return;
  event.preventDefault();
  give(files);
});
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  const files = [...(event.dataTransfer?.files ?? [])];
  event.preventDefault();
  give(files);
});
