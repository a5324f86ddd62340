// Stand-in for a vendor's script whose snippet keeps calls in a list until it comes: sends each, in order, and from then on at
// once. __QUEUE__ is that list, __HIT__ where its hits go; the recorder fills them in.
(function () {
  var queue = __QUEUE__;
  var count = 0;
  function send(call) {
    count += 1;
    new Image().src = '__HIT__?n=' + count + '&call=' + encodeURIComponent(JSON.stringify([].slice.call(call)));
  }
  queue.splice(0).forEach(send);
  queue.push = send;
})();
