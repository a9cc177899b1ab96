// Part 5: what people do, as the page marked it up, by one delegated listener for each kind.

let seen = [],
  observer = new IntersectionObserver(
    guard((sightings) =>
      sightings.forEach(({ target, intersectionRatio }) => {
        if (intersectionRatio >= 0.5 && !seen.includes(target)) {
          seen.push(target);
          track(marksOf(target).view, marksOf(target).p);
        }
      })
    ),
    { threshold: 0.5 }
  );

listen('click auxclick', (click) => {
  let link = click.target.closest('a'),
    marked = click.target.closest('[data-mq-event]:not(form)');
  // On a link the middle button (1) counts like the first (0); elsewhere only the first.
  if (click.button <= !!link) {
    // No host: mailto:, tel:, data: and their like, whose path may be anything.
    marked
      ? track(marksOf(marked).event, marksOf(marked).p)
      : link.host &&
        (auto.includes('downloads') && /\.(pdf|docx?|xlsx?|pptx?|csv|zip|exe)$/i.test(link.pathname)
          ? track('file_download', { file: link.pathname })
          : auto.includes('outbound') &&
            location.host !== link.host &&
            track('outbound_link', { url: link.host + link.pathname }));
  }
});
listen('submit', ({ target }) => {
  let marks = marksOf(target),
    { event, p } = marks;
  if (event || 'identify' in marks || auto.includes('forms')) {
    event || (p.form = String(target.id || target.name));
    identify(eventOf(event || 'form_submit', { p }), personOf(target));
  }
});
