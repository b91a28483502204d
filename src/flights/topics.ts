/** The topics of the flights domain. */

/** Names of the topics. */
export const topics = {
  skyone: "skyone",
  sunset: "sunset",
  flightData: "flightdata",
  userStatistics: "userstatistics",
} as const;

/** How many partitions each topic gets when it is created, unless asked for otherwise. */
export const defaultPartitions = 5;
