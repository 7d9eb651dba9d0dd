// A picture that is dropped or pasted anywhere on the page becomes the sketch.
() => {
  const give = async (file) => {
    const clear = document.querySelector('#sketch button[aria-label="Clear"]');
    if (clear) clear.click();
    for (let tries = 0; tries < 50; tries += 1) {
      const input = document.querySelector('#sketch input[type=file]');
      if (input) {
        const files = new DataTransfer();
        files.items.add(file);
        input.files = files.files;
        input.dispatchEvent(new Event('change', { bubbles: true }));
        return;
      }
      await new Promise((done) => setTimeout(done, 50));
    }
  };
  const picture = (data) => [...(data?.files ?? [])].find((file) => file.type.startsWith('image/'));

  document.addEventListener('paste', (event) => {
    const file = picture(event.clipboardData);
    if (file) {
      event.preventDefault();
      give(file);
    }
  });
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    const file = picture(event.dataTransfer);
    event.preventDefault();
    if (file && !event.target.closest('#sketch input, #sketch .wrap, #sketch button')) give(file);
  });
}
