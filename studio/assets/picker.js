// The tag picker: `props.value` is the list of chosen tag names, `props.query` what is searched for.
const choose = (names) => {
  props.value = names;
  trigger('input');
};

// Exact colors are words of the same list: `hair=#3355cc`.
const isExact = (part, word) => part && word.startsWith(`${part}=`);
const rowOf = (name) => props.sections.flatMap((section) => section.rows)
  .find((row) => row.tags.some((tag) => tag.name === name));
const without = (name) => props.value.filter(
  (other) => other !== name && !isExact(rowOf(name)?.part, other),
);

const toggle = (name) => {
  if (props.value.includes(name)) return without(name);
  const row = rowOf(name);
  const exclusive = row.tags.find((tag) => tag.name === name).exclusive;
  const rivals = exclusive && !props.several
    ? row.tags.filter((tag) => tag.exclusive).map((tag) => tag.name)
    : [];
  return [...props.value.filter((other) => !rivals.includes(other) && !isExact(row.part, other)), name];
};

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.tag) choose(toggle(button.dataset.tag));
  if (button.dataset.remove) {
    choose(without(button.dataset.remove));
  }
  if ('clear' in button.dataset) choose([]);
});

element.addEventListener('input', (event) => {
  if (event.target.matches('.picker-find')) {
    props.query = event.target.value.trim().toLowerCase();
  }
  event.stopPropagation();
});

element.addEventListener('change', (event) => {
  const { part } = event.target.dataset;
  if (part) {
    choose([...props.value.filter((word) => !isExact(part, word)), `${part}=${event.target.value}`]);
  }
  if (event.target.matches('.picker-several')) props.several = event.target.checked;
  if (event.target.matches('.picker-private')) props.private = event.target.checked;
  event.stopPropagation();
});
