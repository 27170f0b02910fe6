import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Reads the records, counts each completing record once, and measures from the end of the warm-up on. */
public final class Measure {
  // As questions.ts has them.
  public static final long STEPS_WITHIN_MS = 599_999;
  public static final long COUNT_WITHIN_MS = 599_999;
  public static final long DISTINCT_WITHIN_MS = 299_999;
  public static final int COUNT = 20;
  public static final int DISTINCT = 5;
  public static final String[] STEP_TOOLS = {"read_secret", "forward_email", "invite_user"};
  public static final String COUNTED_TOOL = "execute_command";
  public static final String DISTINCT_TOOLS =
      "'delete_file','delete_record','merge_pull_request','restart_service',"
          + "'create_invoice','deploy_service','grant_permission','send_money'";

  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  public final Event[] events;
  public final int warmUp;
  private final BitSet completed;
  private long cpuBefore;
  private long clockBefore;

  public Measure(String path, int warmUp) throws IOException {
    List<Event> read = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(Path.of(path))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] parts = line.split("\t");
        Event event = new Event();
        event.id = Integer.parseInt(parts[0]);
        event.time = Long.parseLong(parts[1]);
        event.credential = parts[2];
        event.tool = parts[3];
        event.server = parts[4];
        read.add(event);
      }
    }
    this.events = read.toArray(new Event[0]);
    this.warmUp = warmUp;
    this.completed = new BitSet(events.length);
  }

  /** To be called before each record is handed over. */
  public void before(int index) {
    if (index != warmUp) return;
    cpuBefore = SYSTEM.getProcessCpuTime();
    clockBefore = System.nanoTime();
  }

  public synchronized void matched(int id) {
    completed.set(id);
  }

  /** To be called when all that was handed over has been judged. */
  public void report() {
    double cpu = (SYSTEM.getProcessCpuTime() - cpuBefore) / 1e9;
    double clock = (System.nanoTime() - clockBefore) / 1e9;
    long checksum = completed.stream().asLongStream().sum();
    System.out.println(
        "{\"records\":" + (events.length - warmUp) + ",\"cpuSeconds\":" + cpu + ",\"seconds\":" + clock
            + ",\"matches\":" + completed.cardinality() + ",\"checksum\":" + checksum + "}");
  }
}
