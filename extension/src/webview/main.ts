/** The script of the chat webview. */
import './webview.css';
import { App } from './app.ts';
import { Bridge } from './bridge.ts';
import type { Clock } from './model/index.ts';

const clock: Clock = {
  now: () => Date.now(),
  setTimer(afterMs, act) {
    const timer = setTimeout(act, afterMs);
    return () => {
      clearTimeout(timer);
    };
  },
};

const root = document.getElementById('crypt2chat');
if (root === null) throw new TypeError('the page has no place for the chat');
const bridge = new Bridge();
const app = new App(root, bridge, clock);
bridge.listen((message) => {
  app.receive(message);
});
app.start();
