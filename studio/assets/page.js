// Keys for the whole page, and what screen readers are told.
() => {
  for (const id of ['status', 'notice']) {
    document.getElementById(id)?.setAttribute('aria-live', 'polite');
  }
  // Toolbars: the buttons of a row are one Tab stop.
  for (const [id, name] of [['actions', 'Coloring'], ['saver', 'Saving']]) {
    const row = document.getElementById(id);
    row.setAttribute('role', 'toolbar');
    row.setAttribute('aria-label', name);
    row.dataset.roving = '';
    [...row.querySelectorAll('button')].forEach((b, at) => { b.tabIndex = at ? -1 : 0; });
  }
  const press = (id) => document.getElementById(id)?.click();
  document.addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey)) return;
    const typing = event.target.closest?.('textarea, input:not([type=range], [type=checkbox], [type=radio], [type=file])');
    const key = event.key.toLowerCase();
    if (key === 'enter') press('color');
    else if (key === 'z' && !typing) press(event.shiftKey ? 'redo' : 'undo');
    else if (key === 'y' && !typing) press('redo');
    else return;
    event.preventDefault();
  });

  // One Tab stop for a group of buttons; the arrow keys go from one to the next.
  document.addEventListener('keydown', (event) => {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -1e9, End: 1e9 };
    const step = steps[event.key];
    const group = step && event.target.matches?.('button') && event.target.closest('[data-roving]');
    if (!group) return;
    const buttons = [...group.querySelectorAll('button')].filter((b) => b.offsetParent && !b.disabled);
    const at = buttons.indexOf(event.target) + step;
    const next = buttons[Math.max(0, Math.min(buttons.length - 1, at))];
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
    event.preventDefault();
  });
}
