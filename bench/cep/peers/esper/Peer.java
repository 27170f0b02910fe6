import com.espertech.esper.common.client.EPCompiled;
import com.espertech.esper.common.client.configuration.Configuration;
import com.espertech.esper.compiler.client.CompilerArguments;
import com.espertech.esper.compiler.client.EPCompilerProvider;
import com.espertech.esper.runtime.client.EPEventService;
import com.espertech.esper.runtime.client.EPRuntime;
import com.espertech.esper.runtime.client.EPRuntimeProvider;
import com.espertech.esper.runtime.client.EPStatement;

/** Esper's answer: `java Peer RECORDS.tsv QUESTION WARM_UP`. */
public final class Peer {
  public static void main(String[] args) throws Exception {
    Measure measure = new Measure(args[0], Integer.parseInt(args[2]));
    Configuration configuration = new Configuration();
    configuration.getCommon().addEventType("Event", Event.class);
    configuration.getRuntime().getThreading().setInternalTimerEnabled(false);
    String epl =
        "create context ByKey partition by credential from Event;\n" + "@name('answer') context ByKey " + query(args[1]);
    EPCompiled compiled = EPCompilerProvider.getCompiler().compile(epl, new CompilerArguments(configuration));
    EPRuntime runtime = EPRuntimeProvider.getRuntime("bench", configuration);
    EPEventService service = runtime.getEventService();
    service.advanceTime(measure.events[0].time);
    EPStatement answer = null;
    for (EPStatement each : runtime.getDeploymentService().deploy(compiled).getStatements()) {
      if (each.getName().equals("answer")) answer = each;
    }
    answer.addListener(
        (fresh, old, statement, owner) -> {
          if (fresh == null) return;
          for (var row : fresh) measure.matched((Integer) row.get("id"));
        });
    for (int index = 0; index < measure.events.length; index += 1) {
      measure.before(index);
      Event event = measure.events[index];
      service.advanceTime(event.time);
      service.sendEventBean(event, "Event");
    }
    measure.report();
  }

  private static String query(String question) {
    String[] tools = Measure.STEP_TOOLS;
    String within = " where timer:within(" + Measure.STEPS_WITHIN_MS + " milliseconds)";
    switch (question) {
      case "two-steps":
        return "select b.id as id from pattern [every a=Event(tool='" + tools[0] + "') -> (every b=Event(tool='"
            + tools[1] + "'))" + within + "]";
      case "three-steps":
        return "select c.id as id from pattern [every a=Event(tool='" + tools[0] + "') -> (every b=Event(tool='"
            + tools[1] + "') -> (every c=Event(tool='" + tools[2] + "')))" + within + "]";
      case "count":
        return "select id, count(*) as n from Event(tool='" + Measure.COUNTED_TOOL + "')#time("
            + Measure.COUNT_WITHIN_MS + " milliseconds) having count(*) >= " + Measure.COUNT;
      default:
        return "select id, count(distinct tool) as n from Event(tool in (" + Measure.DISTINCT_TOOLS + "))#time("
            + Measure.DISTINCT_WITHIN_MS + " milliseconds) having count(distinct tool) >= " + Measure.DISTINCT;
    }
  }
}
