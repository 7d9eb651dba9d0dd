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
