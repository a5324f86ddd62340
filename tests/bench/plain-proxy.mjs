// What Postern is measured against: the least a Worker can do between a visitor and an origin.

export default {
  fetch(request, env) {
    const { pathname, search } = new URL(request.url);
    return fetch(new URL(pathname + search, env.ORIGIN), request);
  },
};
