// Filters that need no button. Days that are named hold whatever a number says, so the two never stand beside each other here.

export function keepFilters(form) {
  const { days, from, to } = form.elements;
  form.addEventListener('change', ({ target }) => {
    if (target === from || target === to) days.value = '';
    else if (target === days && days.value !== '') from.value = to.value = '';
    const isRange = days.value === '';
    from.required = to.required = isRange;
    // A range is asked for once both its days are there; a day is written part by part, so for those there is the button.
    if (target.matches('select') && !(isRange && (from.value === '' || to.value === ''))) form.requestSubmit();
  });
}
