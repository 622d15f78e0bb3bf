// Names and values side by side.
import type { ComponentChildren } from 'preact';

export function FactTable({ facts }: { facts: [string, ComponentChildren][] }) {
  return (
    <table class="facts">
      <tbody>
        {facts.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
