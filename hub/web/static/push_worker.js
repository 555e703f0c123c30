// Shows what the hub pushed, and opens the page that it leads to. What comes is sealed for this browser by the hub.
"use strict";

self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : {};
  event.waitUntil(
    self.registration.showNotification(told.title || "Something new at Rialto", {
      tag: told.tag,
      icon: "/static/favicon.svg",
      data: { path: typeof told.path === "string" && /^\/(?![\/\\])/.test(told.path) ? told.path : "/notifications" },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data.path));
});
