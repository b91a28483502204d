package reference;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/** Runs each scenario on its inputs through a local Flink and writes what came out, as JSON. */
public final class Main {
    private static final List<String> rows = new ArrayList<>();

    /** @param args the folder to write to, and maybe the names of the scenarios to run. */
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        List<String> wanted = List.of(args).subList(1, args.length);
        for (Scenario scenario : Scenarios.all()) {
            if (!wanted.isEmpty() && !wanted.contains(scenario.name())) continue;
            List<String> cases = new ArrayList<>();
            for (Map.Entry<String, List<Element>> input : scenario.inputs().entrySet()) {
                cases.add(run(scenario, input.getKey(), input.getValue()));
            }
            write(folder, scenario, cases);
            System.out.println(scenario.name() + ": " + cases.size() + " inputs");
        }
    }

    private static String run(Scenario scenario, String name, List<Element> elements) throws Exception {
        rows.clear();
        Configuration settings = new Configuration();
        settings.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(16));
        settings.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(16));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1, settings);
        env.getConfig().setAutoWatermarkInterval(0);
        env.setBufferTimeout(0);
        DataStream<Element> stream = env
                .fromData(IntStream.range(0, elements.size()).boxed().toArray(Integer[]::new))
                .flatMap(new Pace(elements, scenario.paced()))
                .returns(Element.class)
                .assignTimestampsAndWatermarks(perElement(scenario.delay()));
        scenario.job().build(stream, Main::collect);
        env.execute();
        return toJson(name, scenario, elements);
    }

    /** A watermark behind each element. */
    private static WatermarkStrategy<Element> perElement(long delay) {
        return WatermarkStrategy.<Element>forGenerator(context -> new WatermarkGenerator<Element>() {
            private long max = Long.MIN_VALUE;

            @Override
            public void onEvent(Element element, long timestamp, WatermarkOutput output) {
                if (element.isMarker) return;
                max = Math.max(max, timestamp);
                output.emitWatermark(new Watermark(max - delay - 1));
            }

            @Override
            public void onPeriodicEmit(WatermarkOutput output) {}
        }).withTimestampAssigner((element, timestamp) -> element.ts);
    }

    /** Writes down what comes out under a name, in the thread of the operator that gave it out. */
    static void collect(DataStream<Result> results, String name) {
        results.process(new ProcessFunction<Result, String>() {
            @Override
            public void processElement(Result result, Context context, Collector<String> out) {
                if (result.key.equals(Result.MARKER)) return;
                Long at = context.timestamp();
                String timestamp = at == null || at == Long.MAX_VALUE ? "null" : at.toString();
                String window = result.hasWindow ? ", " + result.start + ", " + result.end : "";
                synchronized (rows) {
                    rows.add("[" + Pace.step + ", " + quoted(name) + ", " + quoted(result.key) + ", "
                            + quoted(result.text) + ", " + timestamp + window + "]");
                }
            }
        });
    }

    private static String toJson(String name, Scenario scenario, List<Element> elements) {
        String input = elements.stream()
                .map(one -> (scenario.paced().size() > 1 ? one.input + ":" : "")
                        + one.key + " " + one.value + " " + one.ts)
                .collect(Collectors.joining(", "));
        return "{ \"name\": " + quoted(name) + ", \"input\": " + quoted(input) + ", \"output\": ["
                + String.join(", ", rows) + "] }";
    }

    private static void write(Path folder, Scenario scenario, List<String> cases) throws IOException {
        String text = "{ \"scenario\": " + quoted(scenario.name())
                + ", \"flink\": " + quoted(EnvironmentInformation.getVersion())
                + ", \"delay\": " + scenario.delay() + ", \"cases\": [\n"
                + String.join(",\n", cases) + "\n] }\n";
        Files.writeString(folder.resolve(scenario.name() + ".json"), text);
    }

    private static String quoted(String text) {
        return '"' + text + '"';
    }

    private Main() {}
}
