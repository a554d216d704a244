/**
 * Runs in the page before the webview's script: stands where VS Code's own frame stands, hands messages over in both
 * directions, and keeps what setState is given across reloads.
 */

declare global {
  var toHost: (message: unknown) => Promise<void>;
  var deliver: (message: unknown) => void;
  var acquireVsCodeApi: () => {
    postMessage(message: unknown): void;
    getState(): unknown;
    setState(state: unknown): unknown;
  };
}

const place = 'kept';

globalThis.acquireVsCodeApi = () => ({
  postMessage(message) {
    void globalThis.toHost(structuredClone(message));
  },
  getState() {
    const kept = sessionStorage.getItem(place);
    return kept === null ? undefined : (JSON.parse(kept) as unknown);
  },
  setState(state) {
    sessionStorage.setItem(place, JSON.stringify(state));
    return state;
  },
});

globalThis.deliver = (message) => {
  window.postMessage(message, window.origin);
};

export {};
