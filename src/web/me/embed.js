/**
 * The custom element for a page of another site, which USER_PAGE_FRAME_ANCESTORS has to name:
 *
 *     <script type="module" src="https://vps.example.com/me/embed.js"></script>
 *     <user-vps-page code="…"></user-vps-page>
 *
 * The code is one of POST /api/vps/hand-over. The frame is as high as its content.
 */
const ORIGIN = new URL(import.meta.url).origin;

class UserVpsPage extends HTMLElement {
  #frame = document.createElement("iframe");
  #resize = ({ origin, source, data }) => {
    if (origin === ORIGIN && source === this.#frame.contentWindow && Number.isFinite(data?.userVpsHeight)) this.#frame.style.height = `${Math.ceil(data.userVpsHeight)}px`;
  };

  connectedCallback() {
    const code = this.getAttribute("code");
    // It is good once; in the document it would only look as if it were not.
    this.removeAttribute("code");
    Object.assign(this.#frame.style, { border: "0", width: "100%", height: "40rem", display: "block" });
    this.#frame.title = this.getAttribute("label") ?? "VPS";
    this.#frame.allow = "clipboard-write";
    this.#frame.src = `${ORIGIN}/me${code === null ? "" : `#code=${encodeURIComponent(code)}`}`;
    this.replaceChildren(this.#frame);
    addEventListener("message", this.#resize);
  }

  disconnectedCallback() {
    removeEventListener("message", this.#resize);
  }
}

customElements.define("user-vps-page", UserVpsPage);
