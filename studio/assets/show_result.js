// On a phone the result lies above the tags, and variations lie far below it.
() => {
  const result = document.querySelector('#compare');
  const { top, bottom } = result.getBoundingClientRect();
  const isAway = bottom < 100 || top > innerHeight - 100;
  if (isAway || matchMedia('(max-width: 700px)').matches) {
    result.scrollIntoView({ behavior: 'smooth', block: 'nearest' });
  }
}
