#pragma once

// Many clients and backends that act at random, from a seed: they speak in pieces, slowly, out of turn, and break off.
// Every request carries a tag, and so does every answer of a backend; bodies are made of the tag, so that each byte
// tells whose it is. What must hold whatever happens is checked wherever it can be seen.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stage/message.h"
#include "stage/stage.h"
#include "tls/identities.h"

namespace seki::stage {

// `length` bytes that only this tag has.
std::string tagged_body(uint64_t tag, size_t length);

// What the swarm knows of a request.
struct Ask {
    uint64_t tag = 0;
    std::string method;
    size_t body_length = 0;
    bool old = false;  // HTTP/1.0
    int arrivals = 0;  // how many backends got its head
};

class Swarm;

class SwarmClient {
public:
    SwarmClient(Swarm& swarm, WirePtr wire) : swarm_(swarm), wire_(std::move(wire)) {}

    // One random deed.
    void act();
    // Reads what came and checks it.
    void look();
    // No more mischief: what was begun is finished.
    void behave();
    // Nothing is owed to it any more.
    [[nodiscard]] bool content() const;
    [[nodiscard]] std::string describe() const;

private:
    void ask();
    void ask_for_nobody();
    void put(const Ask& ask, std::string_view text);
    void send_some(size_t bytes);
    bool look_at_one();
    void check_answer(const Message& answer, const Ask& ask);
    void check_end();

    Swarm& swarm_;
    WirePtr wire_;
    std::string to_send_;
    std::string got_;
    std::deque<uint64_t> asked_;  // not answered yet
    bool gone_ = false;           // we broke or ended the connection
    bool last_asked_ = false;     // with Connection: close or the like
    bool slow_ = false;
    bool end_seen_ = false;
};

// A client with many requests at once on one connection, in the format of text_codec.h.
class SwarmStreams {
public:
    SwarmStreams(Swarm& swarm, WirePtr wire);

    void act();
    void look();
    void behave();
    [[nodiscard]] bool content() const {
        return gone_ || wire_->peer_closed() || (asked_.empty() && to_send_.empty() && pings_.empty());
    }
    [[nodiscard]] std::string describe() const;

private:
    struct Asked {
        uint64_t tag = 0;
        std::deque<std::string> lines;  // still to be sent, in their order
        int status = 0;                 // of the answer, when its head came
        bool of_backend = false;
        size_t length = 0;
        std::string body;
        size_t credit = 0;  // for its own body
    };

    void ask();
    void send_some(size_t bytes);
    void put_lines(size_t count);
    bool take_credit(Asked& asked) const;
    void ping();
    void give_credit(size_t bytes);
    bool hear_own_frame(std::string_view line);
    void give_up();
    bool look_at_one();
    void hear(std::string_view line, std::string_view body);
    void check_answer(const Asked& asked);

    Swarm& swarm_;
    WirePtr wire_;
    std::string to_send_;
    std::string got_;
    std::map<uint32_t, Asked> asked_;  // by stream, not answered to the end yet
    // No more is due of these. By us: what was on its way may come. Else only a reset may, for the rest of a request.
    std::map<uint32_t, bool> given_up_;
    std::deque<std::string> pings_;  // not come back yet
    bool counts_credit_ = false;
    uint32_t next_stream_ = 1;
    bool gone_ = false;
    bool slow_ = false;
};

class SwarmBackend {
public:
    SwarmBackend(Swarm& swarm, WirePtr wire, bool established)
        : swarm_(swarm), wire_(std::move(wire)), established_(established) {}

    void act();
    void look();
    void behave();
    [[nodiscard]] bool content() const {
        return gone_ || wire_->peer_closed() || silent_ || (!asked_ && to_send_.empty());
    }
    [[nodiscard]] bool over() const { return wire_->peer_closed(); }
    [[nodiscard]] std::string describe() const;

private:
    void hear(const Message& request);
    void plan_answer();
    void plan_mischief(size_t head_size);
    void send_some(size_t bytes);
    void break_off();

    enum class Afterwards : uint8_t { stay, finish, reset };

    Swarm& swarm_;
    WirePtr wire_;
    std::string to_send_;
    std::string stray_;  // behind the answer
    std::string got_;
    bool established_;
    bool slow_ = false;
    bool gone_ = false;
    bool asked_ = false;        // a request came and its answer is not planned yet
    bool request_read_ = true;  // to its end
    bool silent_ = false;       // will never answer
    bool out_of_step_ = false;  // sent what must not be followed by a request
    bool until_close_ = false;  // only a reset shows that this answer is cut off
    Afterwards afterwards_ = Afterwards::stay;
    uint64_t tag_ = 0;
};

// A backend whose connections have many requests at once, in the format of text_client_codec.h.
class SwarmStreamBackend {
public:
    SwarmStreamBackend(Swarm& swarm, WirePtr wire, bool established);

    void act();
    void look();
    void behave();
    [[nodiscard]] bool content() const { return gone_ || wire_->peer_closed() || (asked_.empty() && to_send_.empty()); }
    [[nodiscard]] bool over() const { return wire_->peer_closed(); }
    [[nodiscard]] std::string describe() const;

private:
    struct Asked {
        uint32_t stream = 0;
        uint64_t tag = 0;
        std::string body;
        bool complete = false;
        bool planned = false;
        std::deque<std::string> lines;  // of the answer, still to be sent
    };

    Asked* any();
    bool look_at_one();
    void hear(uint32_t stream, const std::string& what);
    void plan_answer(Asked& asked);
    void put_lines(size_t count);
    void send_some(size_t bytes);
    void give_credit(size_t bytes);
    void do_mischief();
    void give_up(uint32_t stream, bool unprocessed);
    void go_away();

    Swarm& swarm_;
    WirePtr wire_;
    std::string to_send_;
    std::string got_;
    std::map<uint32_t, Asked> asked_;  // by stream
    bool established_;
    bool counts_credit_;
    bool slow_ = false;
    bool gone_ = false;
    uint32_t last_looked_at_ = UINT32_MAX;
};

class Swarm {
public:
    static constexpr uint8_t backends = 4;

    explicit Swarm(uint64_t seed);

    void run(int steps);

    [[nodiscard]] bool chance(uint32_t one_in) { return chances_.below(one_in) == 0; }
    [[nodiscard]] uint32_t below(uint32_t bound) { return chances_.below(bound); }
    [[nodiscard]] Ask& ask(uint64_t tag) { return asks_[tag]; }
    [[nodiscard]] bool knows(uint64_t tag) const { return asks_.contains(tag); }
    uint64_t new_tag() { return ++last_tag_; }
    [[nodiscard]] bool calm() const noexcept { return calm_; }
    // A connection cannot be reset, only closed.
    [[nodiscard]] bool sockets() const noexcept { return sockets_; }

private:
    static Stage::Options options(uint64_t seed);

    Random chances_;
    Random cuts_;
    tls::CertificatePtr certificate_ = tls::make_certificate({.names = {"backend"}});  // of all backends
    tls::ServerSide backend_side_{*certificate_, {}};

public:
    Stage stage;

private:
    void act();
    void change_something();
    void secure_backends(bool secured);
    worker::Report change_frontend(const command::Request& change);
    void meet_connections();
    void look();
    void calm_down();

    std::vector<std::unique_ptr<SwarmClient>> clients_;
    std::vector<std::unique_ptr<SwarmStreams>> streams_;
    std::vector<std::unique_ptr<SwarmBackend>> connections_;
    std::vector<std::unique_ptr<SwarmStreamBackend>> stream_connections_;
    std::map<uint64_t, Ask> asks_;
    uint64_t last_tag_ = 0;
    bool calm_ = false;
    bool sockets_ = false;
    bool streams_to_backends_ = false;
    bool secured_ = false;
    bool secured_backends_ = false;  // in this swarm; whether they are now, changes
};

}  // namespace seki::stage
