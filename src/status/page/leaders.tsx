/** The travellers with the most flight time. */

import type { UserStatistics } from "../../flights/models.ts";
import { count, duration } from "./format.ts";

/** A table, the first on top; nothing before there are results. */
export function Leaders({ leaders }: { readonly leaders: readonly UserStatistics[] }) {
  if (leaders.length === 0) return null;
  const most = leaders[0]!.total_flight_duration;
  return (
    <section aria-labelledby="leaders">
      <h2 id="leaders">Leading travellers</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Traveller</th>
            <th scope="col" class="figure">Flights</th>
            <th scope="col" class="figure">In the air</th>
            <th scope="col" class="wide">
              <span class="hidden">Share of the first</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {leaders.map((one) => (
            <tr key={one.email_address}>
              <th scope="row">{one.email_address}</th>
              <td class="figure">{count(one.number_of_flights)}</td>
              <td class="figure">{duration(one.total_flight_duration * 60_000)}</td>
              <td class="wide">
                <div class="bar">
                  <i style={{ width: `${one.total_flight_duration / most * 100}%` }} />
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
