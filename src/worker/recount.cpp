#include "worker/recount.h"

#include "proxy/client.h"

namespace seki::worker {

void Recount::begin() {
    next_slot_ = 0;
    if (context_.sessions.clients() == 0) return clusters_.clear();
    run();
}

void Recount::run() {
    next_slot_ =
        context_.sessions.for_some(next_slot_, slots_per_turn, [this](net::Session& session) { look_at(session); });
    if (next_slot_ != 0) return context_.loop.schedule(*this);
    clusters_.clear();
}

void Recount::look_at(net::Session& session) {
    auto* client = dynamic_cast<proxy::Client*>(session.protocol());
    if (client == nullptr) return;
    const auto cluster = clusters_.find(client->source_limits().cluster_key());
    if (cluster != clusters_.end())
        client->source_limits().count_afterwards(context_, *cluster->second, session.peer());
}

}  // namespace seki::worker
