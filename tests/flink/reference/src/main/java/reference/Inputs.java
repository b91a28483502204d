package reference;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The inputs: chosen ones, that lie on the edges of the rules, and random ones by a seed. */
final class Inputs {
    private Inputs() {}

    /** `key value ts`, or `input:key value ts`. */
    static List<Element> parse(String text) {
        List<Element> elements = new ArrayList<>();
        for (String part : text.split(",")) {
            String[] words = part.trim().split(" +");
            String[] name = words[0].split(":");
            boolean isNamed = name.length == 2;
            elements.add(new Element(
                    isNamed ? name[0] : "a",
                    isNamed ? name[1] : name[0],
                    Long.parseLong(words[1]),
                    Long.parseLong(words[2])));
        }
        return elements;
    }

    /**
     * Elements of three keys, mostly a little out of order, some far behind, of one or two inputs.
     *
     * @param shift by how much they come later than near zero.
     */
    private static List<Element> random(long seed, long shift, List<String> inputs) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Element> elements = new ArrayList<>();
        long now = shift + random.nextInt(-60, 120);
        for (int i = 0; i < 36; i++) {
            now += random.nextInt(5) == 0 ? random.nextInt(90) : random.nextInt(16);
            long behind = random.nextInt(5) == 0 ? random.nextInt(200) : random.nextInt(25);
            String key = "klm".substring(random.nextInt(3)).substring(0, 1);
            String input = inputs.get(random.nextInt(inputs.size()));
            elements.add(new Element(input, key, random.nextInt(10), now - behind));
        }
        return elements;
    }

    static Map<String, List<Element>> all(Map<String, String> chosen, List<String> inputs, long shift) {
        Map<String, List<Element>> all = new LinkedHashMap<>();
        chosen.forEach((name, text) -> all.put(name, parse(text)));
        for (int seed = 1; seed <= 4; seed++) {
            all.put("random " + seed, random(seed, shift, inputs));
        }
        return all;
    }

    /** Windows of 100, offset 30 in one scenario; delay 0 to 20. */
    static final Map<String, String> windows = ordered(
            "boundaries, one before and one behind",
            "k 1 0, k 2 99, k 3 100, k 4 129, k 5 130, k 6 199, k 7 200, l 1 229, l 2 230, k 8 300, k 9 500",
            "around zero",
            "k 1 -101, k 2 -100, k 3 -71, k 4 -70, k 5 -1, k 6 0, l 7 -1, l 8 29, k 9 30, k 1 150",
            "the edge of being late",
            "k 1 50, k 2 119, k 3 99, k 4 120, k 5 99, k 6 30, k 7 149, k 8 99, k 1 150, k 2 99, k 3 29,"
                    + " k 4 170, k 5 99, k 6 169, k 7 199, k 8 220, k 9 100, k 1 260",
            "the same timestamps",
            "k 1 40, k 2 40, l 3 40, m 4 40, k 5 140, l 6 140, k 7 240, l 8 240, m 9 240, k 1 240",
            "late within and beyond the lateness",
            "k 1 10, l 2 20, k 3 155, k 4 15, l 5 25, m 6 35, k 7 175, k 8 15, k 9 214, l 1 60, k 2 215,"
                    + " l 3 60, k 4 60, k 5 400, l 6 299, m 7 380, m 8 250, l 9 310",
            "far jumps", "k 1 0, l 2 1000, k 3 999, m 4 5000, k 5 4981, k 6 4979, l 7 4900, k 8 4000, m 9 10000");

    /** Sessions with a gap of 40. */
    static final Map<String, String> sessions = ordered(
            "a gap and one less", "k 1 0, k 2 39, k 3 79, k 4 118, k 5 159, l 6 0, k 7 250, k 8 290, k 9 329, k 1 500",
            "an element that bridges two sessions",
            "k 1 0, k 2 60, l 3 10, k 4 30, l 5 70, l 6 45, k 7 150, k 8 99, k 9 120, k 1 400",
            "an element that comes before its session", "k 1 100, k 2 85, k 3 60, k 4 130, k 5 95, k 6 300, k 7 290, k 8 400",
            "the edge of being late",
            "k 1 0, k 2 59, k 3 39, k 4 60, k 5 0, k 6 20, k 7 99, k 8 40, k 9 41, k 1 140, k 2 60, k 3 180, k 4 120, k 5 121, k 6 400",
            "late elements that merge",
            "k 1 0, k 2 80, k 3 100, k 4 30, k 5 140, k 6 60, k 7 0, k 8 200, k 9 110, k 1 220, k 2 150, k 3 175,"
                    + " k 4 290, k 5 180, k 6 260, k 7 215, k 8 600, k 9 500",
            "the same timestamps", "k 1 10, k 2 10, l 3 10, l 4 50, k 5 50, m 6 50, m 7 90, k 8 200, l 9 200, k 1 300");

    /** Timers and state: the value says what is to be done. */
    static final Map<String, String> timers = ordered(
            "at, below and above the watermark",
            "k 1 100, k 2 150, k 1 120, k 1 149, k 1 150, k 0 160, k 2 300, k 0 210, k 9 211, k 9 400, k 9 600",
            "taken back", "k 4 10, l 4 20, k 3 30, l 9 99, k 9 120, k 4 130, k 4 140, k 3 150, k 4 160, k 9 260, m 3 270, k 9 500",
            "of the same time", "k 4 10, l 4 20, m 4 30, k 5 50, l 5 50, m 0 50, k 0 150, l 4 150, k 9 199, k 9 200, k 9 220, m 9 700",
            "set within onTimer", "k 5 0, k 9 100, k 9 120, k 9 170, k 9 190, k 9 240, l 2 250, l 9 260, l 0 270, l 9 800",
            "late elements", "k 1 500, k 1 100, k 0 100, k 4 100, k 2 400, l 4 480, l 4 300, l 3 480, k 9 620, k 9 1000");

    /** Two streams. */
    static final Map<String, String> pairs = ordered(
            "bounds and one beyond, left first",
            "a:k 1 100, b:k 1 69, b:k 2 70, b:k 3 71, b:k 4 100, b:k 5 149, b:k 6 150, b:k 7 151, b:l 8 100",
            "bounds and one beyond, right first",
            "b:k 1 100, a:k 1 131, a:k 2 130, a:k 3 129, a:k 4 100, a:k 5 51, a:k 6 50, a:k 7 49, a:l 8 100",
            "negative bounds", "a:k 1 100, b:k 1 50, b:k 2 49, b:k 3 51, b:k 4 90, b:k 5 91, b:k 6 89, a:k 7 60, a:k 8 110, b:k 9 110, b:k 1 111",
            "late left and right",
            "a:k 1 100, b:k 2 100, a:k 3 200, b:k 4 179, b:k 5 180, a:k 6 178, a:k 7 179, b:k 8 100, a:k 9 150, b:k 1 220, a:k 2 199, a:k 3 198, b:k 4 160",
            "kept until none can come", "a:k 1 0, b:k 1 400, b:k 2 50, a:k 2 380, b:k 3 430, a:k 3 460, b:k 4 431, b:k 5 510, a:k 4 540, a:k 5 541, b:k 6 1000",
            "the edge of being let go",
            "a:k 1 100, a:l 1 170, b:k 2 150, a:l 2 171, b:k 3 150, b:m 1 200, a:l 3 250, a:m 2 230, a:l 4 251, a:m 3 230",
            "the same timestamps", "a:k 1 100, a:k 2 100, b:k 3 100, b:k 4 100, a:l 5 100, b:l 6 100, a:k 7 100, b:m 8 100, b:k 9 220, a:k 1 220, a:k 2 400",
            "windows", "a:k 1 0, b:k 2 99, a:k 3 99, b:k 4 100, a:l 5 40, b:l 6 60, a:k 7 120, b:k 8 90, a:k 9 199, b:l 1 150, a:l 2 219, b:k 3 130, a:k 4 199, b:k 5 50, b:k 6 260, a:k 7 60, b:m 8 500");

    private static Map<String, String> ordered(String... namesAndTexts) {
        Map<String, String> all = new LinkedHashMap<>();
        for (int i = 0; i < namesAndTexts.length; i += 2) all.put(namesAndTexts[i], namesAndTexts[i + 1]);
        return all;
    }
}
