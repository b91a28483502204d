/**
 * The domain of the course: what the topics hold, the bookings of two airlines, and the two jobs that
 * make statistics of them. `src/mod.ts` hands it on as `flights`.
 *
 * @module
 */

export {
  type Airline,
  generateBookings,
  type GeneratedBooking,
  type GeneratorOptions,
  travellers,
} from "./generator.ts";
/** The job merge. */
export * as merge from "./merge.ts";
export {
  type FlightData,
  flightDurationMinutes,
  flightOfSkyOne,
  flightOfSunset,
  mergeStatistics,
  parseFlightData,
  parseSkyOne,
  parseSunset,
  parseUserStatistics,
  type SkyOneBooking,
  statisticsOf,
  type SunsetBooking,
  type UserStatistics,
} from "./models.ts";
/** The job stats. */
export * as stats from "./stats.ts";
export { defaultPartitions, topics } from "./topics.ts";
