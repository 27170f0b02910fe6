import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.cep.CEP;
import org.apache.flink.cep.functions.PatternProcessFunction;
import org.apache.flink.cep.pattern.Pattern;
import org.apache.flink.cep.pattern.conditions.SimpleCondition;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/** Flink CEP's answer: `java Peer RECORDS.tsv QUESTION WARM_UP`. One task in one process. */
public final class Peer {
  private static Measure measure;

  public static void main(String[] args) throws Exception {
    measure = new Measure(args[0], Integer.parseInt(args[2]));
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1);
    environment.getConfig().enableObjectReuse();
    DataStream<Event> events =
        environment
            .fromSequence(0, measure.events.length - 1)
            .map(Peer::eventAt)
            .returns(Types.POJO(Event.class))
            .assignTimestampsAndWatermarks(
                WatermarkStrategy.<Event>forMonotonousTimestamps()
                    .withTimestampAssigner((event, time) -> event.time));
    CEP.pattern(events.keyBy(event -> event.credential), pattern(args[1]))
        .process(new Note())
        .sinkTo(new DiscardingSink<>());
    environment.execute("bench");
    measure.report();
  }

  private static Event eventAt(long index) {
    measure.before((int) index);
    return measure.events[(int) index];
  }

  private static Pattern<Event, Event> pattern(String question) {
    String[] tools = Measure.STEP_TOOLS;
    Duration within = Duration.ofMillis(Measure.STEPS_WITHIN_MS);
    switch (question) {
      case "two-steps":
        return Pattern.<Event>begin("a")
            .where(calls(tools[0]))
            .followedByAny("last")
            .where(calls(tools[1]))
            .within(within);
      case "three-steps":
        return Pattern.<Event>begin("a")
            .where(calls(tools[0]))
            .followedByAny("b")
            .where(calls(tools[1]))
            .followedByAny("last")
            .where(calls(tools[2]))
            .within(within);
      case "count":
        return Pattern.<Event>begin("last")
            .where(calls(Measure.COUNTED_TOOL))
            .times(Measure.COUNT)
            .within(Duration.ofMillis(Measure.COUNT_WITHIN_MS));
      default:
        throw new IllegalArgumentException("Flink's patterns do not count distinct values");
    }
  }

  private static SimpleCondition<Event> calls(String tool) {
    return SimpleCondition.of(event -> event.tool.equals(tool));
  }

  private static final class Note extends PatternProcessFunction<Event, Integer> {
    @Override
    public void processMatch(Map<String, List<Event>> match, Context context, Collector<Integer> out) {
      List<Event> last = match.get("last");
      measure.matched(last.get(last.size() - 1).id);
    }
  }
}
