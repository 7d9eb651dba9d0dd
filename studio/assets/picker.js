// The tag picker: `props.value` is the list of chosen tag names, `props.query` what is searched for.
const choose = (names) => {
  props.value = names;
  trigger('input');
};

const toggle = (name) => {
  if (props.value.includes(name)) return props.value.filter((other) => other !== name);
  const rows = props.sections.flatMap((section) => section.rows);
  const row = rows.find((candidate) => candidate.tags.some((tag) => tag.name === name));
  const exclusive = row.tags.find((tag) => tag.name === name).exclusive;
  const several = element.querySelector('.picker-several').checked;
  const rivals = exclusive && !several
    ? row.tags.filter((tag) => tag.exclusive).map((tag) => tag.name)
    : [];
  return [...props.value.filter((other) => !rivals.includes(other)), name];
};

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.tag) choose(toggle(button.dataset.tag));
  if (button.dataset.remove) {
    choose(props.value.filter((name) => name !== button.dataset.remove));
  }
  if ('clear' in button.dataset) choose([]);
});

element.addEventListener('input', (event) => {
  if (event.target.matches('.picker-find')) {
    props.query = event.target.value.trim().toLowerCase().replaceAll(' ', '_');
  }
  event.stopPropagation();
});
