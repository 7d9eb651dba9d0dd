// The key of this tab's work. It is in sessionStorage, which a reload keeps, and in localStorage for
// the next tab; one that another tab is using is left to it.
async () => {
  const name = 'tag2pix-studio';
  const fresh = () => [...crypto.getRandomValues(new Uint8Array(32))]
    .map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const channel = new BroadcastChannel(name);
  let key = sessionStorage.getItem(name) ?? localStorage.getItem(name);
  const inUse = key && await new Promise((done) => {
    channel.onmessage = (event) => { if (event.data.held === key) done(true); };
    channel.postMessage({ asked: key });
    setTimeout(() => done(false), 150);
  });
  if (!key || inUse) key = fresh();
  sessionStorage.setItem(name, key);
  localStorage.setItem(name, key);
  channel.onmessage = (event) => {
    if (event.data.asked === key) channel.postMessage({ held: key });
  };
  return [key];
}
