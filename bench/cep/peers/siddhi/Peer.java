import io.siddhi.core.SiddhiAppRuntime;
import io.siddhi.core.SiddhiManager;
import io.siddhi.core.stream.input.InputHandler;
import io.siddhi.core.stream.output.StreamCallback;

/** Siddhi's answer: `java Peer RECORDS.tsv QUESTION WARM_UP`. */
public final class Peer {
  public static void main(String[] args) throws Exception {
    Measure measure = new Measure(args[0], Integer.parseInt(args[2]));
    SiddhiManager manager = new SiddhiManager();
    SiddhiAppRuntime runtime =
        manager.createSiddhiAppRuntime(
            "@app:name('bench') @app:playback\n"
                + "define stream Event (id int, time long, credential string, tool string, server string);\n"
                + "partition with (credential of Event) begin\n"
                + query(args[1])
                + "insert into Answer;\n"
                + "end;");
    runtime.addCallback(
        "Answer",
        new StreamCallback() {
          @Override
          public void receive(io.siddhi.core.event.Event[] rows) {
            for (io.siddhi.core.event.Event row : rows) measure.matched((Integer) row.getData(0));
          }
        });
    InputHandler input = runtime.getInputHandler("Event");
    runtime.start();
    for (int index = 0; index < measure.events.length; index += 1) {
      measure.before(index);
      Event event = measure.events[index];
      input.send(event.time, new Object[] {event.id, event.time, event.credential, event.tool, event.server});
    }
    measure.report();
    runtime.shutdown();
    manager.shutdown();
  }

  private static String query(String question) {
    String[] tools = Measure.STEP_TOOLS;
    String within = " within " + Measure.STEPS_WITHIN_MS + " milliseconds ";
    // `within` counts from the last step that `every` began again; the question counts from the first.
    String inTime = " and time - a.time <= " + Measure.STEPS_WITHIN_MS + "L]";
    switch (question) {
      case "two-steps":
        return "from every a=Event[tool=='" + tools[0] + "'] -> every b=Event[tool=='" + tools[1] + "'" + inTime + within
            + "select b.id as id ";
      case "three-steps":
        return "from every a=Event[tool=='" + tools[0] + "'] -> every b=Event[tool=='" + tools[1]
            + "'" + inTime + " -> every c=Event[tool=='" + tools[2] + "'" + inTime + within + "select c.id as id ";
      case "count":
        return "from Event[tool=='" + Measure.COUNTED_TOOL + "']#window.time(" + Measure.COUNT_WITHIN_MS
            + " milliseconds) select id, count() as n having n >= " + Measure.COUNT + " ";
      default:
        return "from Event[" + anyOf(Measure.DISTINCT_TOOLS) + "]#window.time(" + Measure.DISTINCT_WITHIN_MS
            + " milliseconds) select id, distinctCount(tool) as n having n >= " + Measure.DISTINCT + " ";
    }
  }

  private static String anyOf(String tools) {
    return "tool==" + String.join(" or tool==", tools.split(","));
  }
}
