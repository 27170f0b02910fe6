/** One call as all engines are given it. */
public class Event {
  public int id;
  public long time;
  public String credential;
  public String tool;
  public String server;

  public Event() {}

  public int getId() { return id; }
  public long getTime() { return time; }
  public String getCredential() { return credential; }
  public String getTool() { return tool; }
  public String getServer() { return server; }
  public void setId(int value) { id = value; }
  public void setTime(long value) { time = value; }
  public void setCredential(String value) { credential = value; }
  public void setTool(String value) { tool = value; }
  public void setServer(String value) { server = value; }
}
