package reference;

import org.apache.flink.streaming.api.windowing.windows.TimeWindow;

/** What comes out: a key, a text, and the window where there is one. */
public class Result {
    static final String MARKER = "(marker)";

    public String key;
    public String text;
    public boolean hasWindow;
    public long start;
    public long end;

    public Result() {}

    static Result of(String key, Object text) {
        Result result = new Result();
        result.key = key;
        result.text = String.valueOf(text);
        return result;
    }

    Result in(TimeWindow window) {
        hasWindow = true;
        start = window.getStart();
        end = window.getEnd();
        return this;
    }
}
