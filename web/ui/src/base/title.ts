// The title of the window: what is shown, then the name that the server has (--web.page-title).

const serverTitle = document.title;

export function setTitle(shown: string): void {
  document.title = shown === '' ? serverTitle : `${shown} · ${serverTitle}`;
}
