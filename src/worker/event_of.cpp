#include "worker/event_of.h"

#include "config/convert.h"

namespace seki::worker {

namespace {

command::EventKind kind_of(proxy::Happening::Kind kind) noexcept {
    using Kind = proxy::Happening::Kind;
    switch (kind) {
        case Kind::backend_down:
            return command::BACKEND_DOWN;
        case Kind::backend_up:
            return command::BACKEND_UP;
        case Kind::no_backends:
            return command::NO_AVAILABLE_BACKENDS;
        case Kind::cluster_recovered:
            return command::CLUSTER_RECOVERED;
        case Kind::removed_backend_released:
            break;
    }
    return command::REMOVED_BACKEND_HAS_NO_CONNECTIONS;
}

}  // namespace

command::Event event_of(const proxy::Happening& happening) {
    command::Event event;
    event.set_kind(kind_of(happening.kind));
    event.set_cluster_id(std::string(happening.cluster));
    if (happening.backend == nullptr) return event;
    event.set_backend_id(happening.backend->id);
    *event.mutable_address() = config::to_wire(happening.backend->address);
    return event;
}

}  // namespace seki::worker
