#include "supervisor/rebalance.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace seki::supervisor {

std::vector<Transfer> transfers_that_level(const ClientCounts& counts) {
    if (counts.empty()) return {};
    using Clients = std::pair<uint32_t, uint32_t>;  // worker, and how many
    std::vector<Clients> most_first(counts.begin(), counts.end());
    std::ranges::stable_sort(most_first, std::ranges::greater(), &Clients::second);
    uint64_t all = 0;
    for (const auto& [id, clients] : counts) all += clients;
    // Who has the most keeps the one that is over.
    const auto share = static_cast<uint32_t>(all / counts.size());
    const auto with_one_more = static_cast<size_t>(all % counts.size());
    std::vector<Clients> over;
    std::vector<Clients> under;
    for (size_t at = 0; at < most_first.size(); ++at) {
        const auto [id, clients] = most_first[at];
        const uint32_t wanted = share + (at < with_one_more ? 1 : 0);
        if (clients > wanted) over.emplace_back(id, clients - wanted);
        if (clients < wanted) under.emplace_back(id, wanted - clients);
    }
    std::vector<Transfer> transfers;
    while (!over.empty() && !under.empty()) {
        auto& [from, more] = over.back();
        auto& [to, less] = under.back();
        const uint32_t clients = std::min(more, less);
        transfers.push_back({from, to, clients});
        more -= clients;
        less -= clients;
        if (more == 0) over.pop_back();
        if (less == 0) under.pop_back();
    }
    return transfers;
}

void Rebalance::run(Workers& workers, const ClientCounts& counts, OnDone on_done) {
    std::make_shared<Rebalance>(workers, counts, std::move(on_done))->next();
}

Rebalance::Rebalance(Workers& workers, const ClientCounts& counts, OnDone on_done)
    : workers_(workers),
      left_(transfers_that_level(counts)),
      outcome_{.counts = counts},
      on_done_(std::move(on_done)) {}

void Rebalance::next() {
    if (left_.empty()) return on_done_(outcome_);
    const Transfer transfer = left_.back();
    left_.pop_back();
    workers_.shift(transfer.from, transfer.to, transfer.clients, [self = shared_from_this(), transfer](uint32_t moved) {
        Outcome& outcome = self->outcome_;
        outcome.moved += moved;
        outcome.counts[transfer.from] -= std::min(moved, outcome.counts[transfer.from]);
        outcome.counts[transfer.to] += moved;
        self->next();
    });
}

}  // namespace seki::supervisor
