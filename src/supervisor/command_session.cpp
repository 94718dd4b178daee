#include "supervisor/command_session.h"

#include <google/protobuf/io/coded_stream.h>

#include "base/check.h"
#include "config/convert.h"

namespace seki::supervisor {
namespace {

// Messages within messages, unknown ones too. The protocol needs a handful; protobuf reads 100, and workers must be
// able to read what is passed on to them within an order.
constexpr int max_nesting = 32;

// Absent required fields are filled in later (config::fill_required).
bool parse(std::string_view payload, command::Request& request) {
    google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(payload.data()),
                                                 static_cast<int>(payload.size()));
    input.SetRecursionLimit(max_nesting);
    return request.ParsePartialFromCodedStream(&input) && input.ConsumedEntireMessage();
}

// Those that may end in another program than they began in.
bool outlives_us(const command::Request& request) {
    return request.has_upgrade_main() || request.has_reload() || request.has_reload_configuration();
}

command::Channel::Limits limits(size_t max_frame_bytes) {
    command::Channel::Limits limits;
    limits.max_frame_bytes = max_frame_bytes;
    // The largest answer behind one that the client does not take.
    limits.max_pending_bytes = 2 * max_frame_bytes + limits.pause_reading_bytes;
    return limits;
}

}  // namespace

command::Response response_of(command::ResponseStatus status, std::string message) {
    command::Response response;
    response.set_status(status);
    response.set_message(std::move(message));
    return response;
}

CommandSession::CommandSession(EventLoop& loop, UniqueFd socket, size_t max_frame_bytes, Peer peer, Owner& owner)
    : loop_(loop),
      owner_(owner),
      peer_(std::move(peer)),
      channel_(loop, std::move(socket), limits(max_frame_bytes), *this) {}

CommandSession::~CommandSession() { loop_.timers().cancel(*this); }

void CommandSession::on_frame(std::string_view payload) {
    SEKI_CHECK(!busy_);
    command::Request request;
    if (!parse(payload, request)) return refuse("this is no request of the command protocol");
    if (request.request_type_case() == command::Request::REQUEST_TYPE_NOT_SET) {
        return refuse("Request came in empty, or with a verb that this version does not know");
    }
    if (const std::string why = owner_.why_refused(*this, request); !why.empty()) return refuse(why);
    ask(std::move(request));
}

void CommandSession::ask(command::Request request) {
    if (outlives_us(request)) asked_ = request;
    verb_ = config::verb_name(request);
    busy_ = true;
    channel_.pause();
    loop_.timers().arm(*this, loop_.now() + pulse);
    owner_.on_request(*this, std::move(request));
}

void CommandSession::on_malformed(const std::string& reason) { refuse(reason); }

void CommandSession::refuse(const std::string& reason) {
    const auto sent = channel_.send(response_of(command::FAILURE, reason));
    if (!sent) channel_.close_after_flush();
}

void CommandSession::answer(const command::Response& response) {
    SEKI_CHECK(busy_);
    if (channel_.is_open()) {
        const auto sent = channel_.send(response);
        if (!sent) refuse(fmt::format("the answer: {}", sent.error().message));
    }
    done();
}

void CommandSession::done() {
    busy_ = false;
    asked_.reset();
    loop_.timers().cancel(*this);
    if (!channel_.is_open()) return;
    if (finished_) return channel_.close_after_flush();
    if (lost_events_ != 0) loop_.timers().arm(*this, loop_.now() + pulse);
    if (!held_) channel_.resume();
}

void CommandSession::hold(bool holds) {
    held_ = holds;
    if (busy_ || !channel_.is_open()) return;
    holds ? channel_.pause() : channel_.resume();
}

void CommandSession::hand_over(handover::CommandClient& left) const {
    left.set_id(peer_.id);
    left.set_fd(channel_.fd());
    left.set_session_high(peer_.session.high);
    left.set_session_low(peer_.session.low);
    left.set_connected_ms(peer_.connected.time_since_epoch() / std::chrono::milliseconds(1));
    command::Channel::Rest rest = channel_.rest();
    left.set_unread(std::move(rest.unread));
    left.set_skip(rest.skip);
    left.set_unsent(std::move(rest.unsent));
    left.set_subscribed(subscribed_);
    left.set_lost_events(lost_events_);
    if (asked_) *left.mutable_asked() = *asked_;
}

void CommandSession::take_over(const handover::CommandClient& left) {
    channel_.go_on_from({left.unread(), left.skip(), left.unsent()});
    subscribed_ = left.subscribed();
    lost_events_ = left.lost_events();
    if (lost_events_ != 0) loop_.timers().arm(*this, loop_.now() + pulse);
}

void CommandSession::finish() {
    finished_ = true;
    if (!busy_) channel_.close_after_flush();
}

// ---- events

void CommandSession::subscribe() {
    SEKI_CHECK(busy_);
    subscribed_ = true;
    done();
}

void CommandSession::tell(const command::Response& event) {
    if (!subscribed_ || finished_ || !channel_.is_open()) return;
    if (lost_events_ != 0) tell_losses();
    const bool told = lost_events_ == 0 && channel_.pending_bytes() <= max_backlog_bytes && channel_.send(event);
    if (told) return;
    ++lost_events_;
    if (!armed()) loop_.timers().arm(*this, loop_.now() + pulse);
}

void CommandSession::tell_losses() {
    if (channel_.pending_bytes() > max_backlog_bytes / 2) return;
    command::Response notice = response_of(command::PROCESSING, "main");
    notice.add_warnings(fmt::format("{} events are lost: they were not read in time", lost_events_));
    if (channel_.send(notice)) lost_events_ = 0;
}

void CommandSession::on_timer() {
    if (!channel_.is_open()) return;
    if (lost_events_ != 0) tell_losses();
    // Not on top of what the client has not taken yet.
    if (busy_ && channel_.pending_bytes() == 0) {
        static_cast<void>(channel_.send(response_of(command::PROCESSING, fmt::format("Processing {}...", verb_))));
    }
    if (busy_ || lost_events_ != 0) loop_.timers().arm(*this, loop_.now() + pulse);
}

bool CommandSession::on_finished() {
    finish();
    return true;
}

void CommandSession::on_closed(const std::string& /*reason*/) {
    loop_.timers().cancel(*this);
    owner_.on_session_ended(*this);
}

}  // namespace seki::supervisor
