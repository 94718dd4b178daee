#pragma once

// Verbs that are about the state as a whole: saving, loading, many changes at once, reloading the configuration file,
// reading all of it.

#include <functional>

#include "supervisor/change.h"
#include "supervisor/change_sets.h"
#include "supervisor/command_server.h"
#include "supervisor/reloader.h"
#include "supervisor/state_files.h"

namespace seki::supervisor {

class StateVerbs {
public:
    using Answer = CommandServer::Answer;

    // All outlive this. `page_bytes`: how large a page of the state may be.
    StateVerbs(const config::State& state, Changes& changes, StateFiles& files, ChangeSets& sets, Reloader& reloader,
               size_t page_bytes)
        : state_(state), changes_(changes), files_(files), sets_(sets), reloader_(reloader), page_bytes_(page_bytes) {}

    // Called when one of them has succeeded that those who listen to changes hear of.
    std::function<void(command::EventKind)> on_done;

    // Called when the file is read again, and when that is over.
    std::function<void(bool begins)> on_reload;

    // Takes both if the verb is one of these.
    bool obey(command::Request& request, Answer& answer);

private:
    void reload(command::Reload wanted, Answer answer);
    Answer announcing(command::EventKind kind, Answer answer);
    void page(const command::QueryState& wanted, Answer answer);

    const config::State& state_;
    Changes& changes_;
    StateFiles& files_;
    ChangeSets& sets_;
    Reloader& reloader_;
    size_t page_bytes_;
};

}  // namespace seki::supervisor
