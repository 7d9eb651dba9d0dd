// On a phone the result lies above the tags.
() => {
  if (matchMedia('(max-width: 700px)').matches) {
    document.querySelector('#compare').scrollIntoView({ behavior: 'smooth', block: 'nearest' });
  }
}
