package reference;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.util.Collector;

/**
 * Hands the elements on one by one: the next only when the operator has done all that the one before
 * and its watermark asked for. So the order at an operator of two inputs is that of the list, and each
 * result has the step that it came out in. Behind each element (and its watermark) a marker goes through
 * each edge to the operator; once the operator takes these, it has done what came before them.
 */
final class Pace extends RichFlatMapFunction<Integer, Element> {
    private static final Set<String> seen = new HashSet<>();
    private static volatile Thread source;
    static volatile int step;

    private final List<Element> elements;
    private final List<String> inputs;

    Pace(List<Element> elements, List<String> inputs) {
        this.elements = List.copyOf(elements);
        this.inputs = List.copyOf(inputs);
    }

    @Override
    public void flatMap(Integer index, Collector<Element> out) throws Exception {
        source = Thread.currentThread();
        Element element = elements.get(index);
        synchronized (seen) {
            seen.clear();
        }
        step = index;
        out.collect(element);
        for (String input : inputs) out.collect(Element.marker(input, element.ts));
        long deadline = System.currentTimeMillis() + 30_000;
        synchronized (seen) {
            while (!seen.containsAll(inputs)) {
                if (System.currentTimeMillis() > deadline) throw new IllegalStateException("no marker came");
                seen.wait(1_000);
            }
        }
        step = index + 1;
    }

    /** To be called with what an operator takes, in its own thread. */
    static void saw(Element element) {
        if (!element.isMarker || Thread.currentThread() == source) return;
        synchronized (seen) {
            seen.add(element.input);
            seen.notifyAll();
        }
    }

    /** The key of an element. It is asked for at both ends of the way to an operator. */
    static final class ByKey implements KeySelector<Element, String> {
        @Override
        public String getKey(Element element) {
            saw(element);
            return element.key;
        }
    }
}
