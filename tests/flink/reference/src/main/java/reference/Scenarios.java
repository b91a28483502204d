package reference;

import java.util.ArrayList;
import java.util.List;

/** All of them. */
final class Scenarios {
    static List<Scenario> all() {
        List<Scenario> all = new ArrayList<>();
        all.addAll(WindowScenarios.all());
        all.addAll(TriggerScenarios.all());
        all.addAll(ProcessScenarios.all());
        all.addAll(PairScenarios.all());
        return all;
    }

    private Scenarios() {}
}
