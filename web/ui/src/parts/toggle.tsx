// A choice that is on or off.
import type { ComponentChildren } from 'preact';

interface Props {
  on: boolean;
  title?: string;
  onChange: (on: boolean) => void;
  children: ComponentChildren;
}

export function Toggle({ on, title, onChange, children }: Props) {
  return (
    <button type="button" class={`button toggle ${on ? 'on' : ''}`} aria-pressed={on} title={title}
      onClick={() => onChange(!on)}>
      {children}
    </button>
  );
}
