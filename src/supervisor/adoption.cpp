#include "supervisor/adoption.h"

#include <utility>

#include "base/counted.h"

namespace seki::supervisor {

void Adoption::begin(std::vector<Orphan> orphans) {
    if (orphans.empty()) return;
    for (Orphan& orphan : orphans) {
        for (Orphan::Socket& socket : orphan.sockets)
            sockets_.adopt(socket.key.address, socket.slot, std::move(socket.fd), socket.interface);
    }
    to_replace_ = workers_.adopt(std::move(orphans));
    under_way_ = true;
    changes_.hold();
}

void Adoption::replace() {
    if (!under_way_) return;
    const auto never = [](const std::string& /*why*/) { return false; };
    succession_.begin({to_replace_, never, [this](const Succession::Sum& sum) { done(sum); }});
}

bool Adoption::let_go() {
    if (!under_way_) return false;
    log_.info(observe::Module::supervisor, "workers of a supervisor that has died go on without one");
    workers_.let_go_of_adopted();
    end();
    return true;
}

void Adoption::done(const Succession::Sum& sum) {
    log_.info(observe::Module::supervisor,
              "{} of a supervisor that has died replaced, {} connections moved, {} still in the old ones",
              counted(sum.replaced, "worker"), sum.moved, sum.staying);
    end();
}

void Adoption::end() {
    under_way_ = false;
    changes_.release();
}

}  // namespace seki::supervisor
