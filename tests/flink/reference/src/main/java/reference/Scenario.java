package reference;

import java.util.List;
import java.util.Map;
import org.apache.flink.streaming.api.datastream.DataStream;

/**
 * A job and what it is run on.
 *
 * @param delay how far the watermark lies behind the newest element, less one.
 * @param paced the inputs whose way to the operator is an edge of its own.
 */
record Scenario(String name, long delay, List<String> paced, Map<String, List<Element>> inputs, Job job) {

    /** Builds a job; it says what comes out of it under which name. */
    interface Job {
        void build(DataStream<Element> elements, Output output);
    }

    /** Takes a stream of results. */
    interface Output {
        void collect(DataStream<Result> results, String name);
    }

    static Scenario ofOne(String name, long delay, Map<String, String> chosen, Job job) {
        List<String> inputs = List.of("a");
        return new Scenario(name, delay, inputs, Inputs.all(chosen, inputs, 0), job);
    }

    /** The same with random inputs that do not come near zero. */
    Scenario shifted(Map<String, String> chosen) {
        return new Scenario(name, delay, paced, Inputs.all(chosen, paced, 1000), job);
    }

    static Scenario ofTwo(String name, long delay, Map<String, String> chosen, Job job) {
        List<String> inputs = List.of("a", "b");
        return new Scenario(name, delay, inputs, Inputs.all(chosen, inputs, 0), job);
    }
}
