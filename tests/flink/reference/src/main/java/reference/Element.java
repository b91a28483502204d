package reference;

import java.io.Serializable;

/** What flows in. `input` tells the two streams of a job apart; a marker only paces the source. */
public class Element implements Serializable {
    public String input;
    public String key;
    public long value;
    public long ts;
    public boolean isMarker;

    public Element() {}

    public Element(String input, String key, long value, long ts) {
        this.input = input;
        this.key = key;
        this.value = value;
        this.ts = ts;
    }

    /** It has a key of its own, so that it meets no element. */
    static Element marker(String input, long ts) {
        Element marker = new Element(input, Result.MARKER, 0, ts);
        marker.isMarker = true;
        return marker;
    }
}
