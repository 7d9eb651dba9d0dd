// Keys for the whole page, and what screen readers are told.
() => {
  for (const id of ['status', 'notice']) {
    document.getElementById(id)?.setAttribute('aria-live', 'polite');
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

  // One Tab stop for a group of controls; the arrow keys go from one to the next.
  for (const [id, name] of [
    ['lines', 'Lines of the sketch'], ['actions', 'Coloring'], ['saver', 'Saving'],
    ['making', 'Making variations'],
  ]) {
    const row = document.getElementById(id);
    row.setAttribute('role', 'toolbar');
    row.setAttribute('aria-label', name);
    row.dataset.roving = '';
  }
  // Also radio buttons: each of Gradio's has a name of its own.
  const members = 'button, a[href], input:is([type=checkbox], [type=radio], [type=file], [type=color])';
  const inside = (group) => [...group.querySelectorAll(members)]
    .filter((control) => control.offsetParent && !control.disabled);
  // A slider's keys do what the number beside it does; an open list closes when it loses the focus.
  const skipped = ':is(input[type=number], ul[role=listbox]):not([tabindex="-1"])';
  const settle = () => {
    for (const control of document.querySelectorAll(skipped)) control.tabIndex = -1;
    for (const group of document.querySelectorAll('[data-roving]')) {
      const controls = inside(group);
      const stop = controls.find((control) => control === document.activeElement)
        ?? controls.find((control) => control.tabIndex === 0) ?? controls[0];
      for (const control of controls) {
        const place = control === stop ? 0 : -1;
        if (control.tabIndex !== place) control.tabIndex = place;
      }
    }
  };
  // At once, so that it is done before the next key.
  new MutationObserver(settle).observe(document.body, {
    childList: true, subtree: true,
    attributeFilter: ['tabindex', 'disabled', 'class', 'style', 'hidden'],
  });
  document.addEventListener('focusin', settle);
  settle();
  document.addEventListener('keydown', (event) => {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -1e9, End: 1e9 };
    const step = steps[event.key];
    const group = step && event.target.matches?.(members) && event.target.closest('[data-roving]');
    if (!group) return;
    const controls = inside(group);
    const at = controls.indexOf(event.target) + step;
    controls[Math.max(0, Math.min(controls.length - 1, at))].focus();
    event.preventDefault();
  });
}
