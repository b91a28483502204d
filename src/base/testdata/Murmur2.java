import java.nio.charset.StandardCharsets;
import java.util.*;
import org.apache.kafka.common.utils.Utils;

/** Prints a JSON array of {key (base64), hash, of5, of7} by the Java client's own functions. */
public class Murmur2 {
  public static void main(String[] args) {
    List<byte[]> keys = new ArrayList<>();
    for (int n = 0; n <= 20; n++) keys.add("abcdefghijklmnopqrst".substring(0, n).getBytes());
    for (String s : List.of("Zürich", "日本語", "🛫", "ß", "traveller1@example.com", "\u0000", "e\u0301"))
      keys.add(s.getBytes(StandardCharsets.UTF_8));
    Random random = new Random(42);
    for (int n = 1; n <= 40; n++) { byte[] b = new byte[n]; random.nextBytes(b); keys.add(b); }
    List<String> rows = new ArrayList<>();
    for (byte[] key : keys) {
      int hash = Utils.murmur2(key);
      rows.add(String.format("  {\"key\": \"%s\", \"hash\": %d, \"of5\": %d, \"of7\": %d}",
        Base64.getEncoder().encodeToString(key), hash, Utils.toPositive(hash) % 5, Utils.toPositive(hash) % 7));
    }
    System.out.println("[\n" + String.join(",\n", rows) + "\n]");
  }
}
