// Web push: gives this browser's address to the hub. Without this file, and in browsers that know no notifications, the
// form stays hidden; mail and the inbox remain.
"use strict";

const form = document.getElementById("push");
const said = document.getElementById("push-said");

const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function subscribe() {
  const worker = await navigator.serviceWorker.register("/push-worker.js");
  await navigator.serviceWorker.ready;
  const known = await worker.pushManager.getSubscription();
  if (known) await known.unsubscribe();
  const made = await worker.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: toBytes(form.dataset.key),
  });
  form.elements.endpoint.value = made.endpoint;
  form.elements.p256dh.value = toText(made.getKey("p256dh"));
  form.elements.auth.value = toText(made.getKey("auth"));
}

if ("serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
  form.hidden = false;
  said.textContent = "";
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if ((await Notification.requestPermission()) !== "granted") {
      said.textContent = "This browser does not let us show notifications. Allow it in its settings for this site, then try again.";
      return;
    }
    said.textContent = "One moment …";
    try {
      await subscribe();
      form.submit();
    } catch {
      said.textContent = "This browser could not register for notifications. Try again later, or use mail.";
    }
  });
}
