// Elements from values. Text becomes text nodes, never markup, whatever it holds.

export type Child = Node | string | undefined;

export interface Attributes {
  readonly class?: string;
  readonly id?: string;
  readonly role?: "alert" | "status" | "list" | "group";
  readonly label?: string;
  readonly describedBy?: string;
  readonly hidden?: boolean;
  readonly focusable?: boolean;
}

export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes, ...children: readonly Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  const { class: className, id, role, label, describedBy, hidden, focusable } = attributes;
  if (className !== undefined) element.className = className;
  if (id !== undefined) element.id = id;
  if (role !== undefined) element.setAttribute("role", role);
  if (label !== undefined) element.setAttribute("aria-label", label);
  if (describedBy !== undefined) element.setAttribute("aria-describedby", describedBy);
  if (hidden === true) element.setAttribute("aria-hidden", "true");
  if (focusable === true) element.tabIndex = -1;
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

export function button(style: "primary" | "secondary" | "quiet" | "danger", text: string, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const element = h("button", { ...attributes, class: style }, text);
  element.type = "button";
  element.addEventListener("click", onClick);
  return element;
}
