#include "proxy/context.h"

#include <utility>

#include "base/check.h"
#include "proxy/exchange.h"

namespace seki::proxy {

Context::Context(EventLoop& loop_, Random& random_, net::Sessions& sessions_, net::BufferPool& buffers_,
                 net::PipePool& pipes_, net::Connector& connector_, backend::Pool& pool_, auth::Hasher& hasher,
                 Recorder& recorder_, net::SourceTable& sources_, uint32_t source_column, const Settings& settings_)
    : loop(loop_),
      random(random_),
      sessions(sessions_),
      buffers(buffers_),
      pipes(pipes_),
      connector(connector_),
      pool(pool_),
      recorder(recorder_),
      sources(sources_),
      source_counts(sources_, source_column),
      source_rates(sources_),
      settings(settings_),
      authenticator(hasher, settings_.max_credential_bytes,
                    [this](SlabId waiter) {
                        if (net::Session* session = sessions.find(waiter)) session->wake();
                    }),
      scratch(buffers_.buffer_size()),
      // Buffers are what bounds them: of one client several may end in one turn, and each stays until its end.
      exchanges_(std::make_unique<Slab<Exchange, 32>>(buffers_.capacity() / buffers_per_exchange)) {
    retired_.reserve(EpollPoller::batch);  // as many as may end in one turn: nothing is allocated on the way
    loop.at_end_of_turn([this] { delete_retired(); });
}

Context::~Context() { delete_retired(); }

Exchange* Context::open_exchange() {
    if (!buffers.reserve(buffers_per_exchange)) return nullptr;
    Exchange* exchange = exchanges_->find(exchanges_->emplace(*this));
    if (exchange == nullptr) buffers.unreserve(buffers_per_exchange);
    return exchange;
}

bool Context::has_room_for_exchange() const noexcept {
    return buffers.reserved() + buffers_per_exchange <= buffers.capacity() &&
           exchanges_->size() < exchanges_->capacity();
}

uint32_t Context::running_exchanges() const noexcept { return exchanges_->size(); }

void Context::retire(Exchange& exchange, bool delivered) {
    retired_.push_back(exchange.id());
    if (delivered) return buffers.unreserve(buffers_per_exchange);
    ++undelivered_;
}

void Context::delete_retired() {
    for (const SlabId id : retired_) exchanges_->erase(id);
    retired_.clear();
    waited_ = std::exchange(waiting_, false);
    buffers.unreserve(std::exchange(undelivered_, 0) * buffers_per_exchange);
}

}  // namespace seki::proxy
