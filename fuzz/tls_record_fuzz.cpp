// Records of an established connection, as a peer that has the keys may make them, and as somebody may change them on
// the way: whatever comes, contents are those that were sealed, in order, and nothing is read behind a record that was
// changed.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "event/poller.h"
#include "tls/own_records.h"

using namespace seki;

namespace {

struct ServerFixture {
    SystemClock clock;
    EpollPoller poller;
    EventLoop loop{clock, poller};
    std::unique_ptr<tls::Engine> engine = *tls::Engine::make(loop, tls::TicketSecret(), std::chrono::hours(1));
};

ServerFixture& fixture() {
    static ServerFixture made;
    return made;
}

void set_key(const tls::Suite& suite, tls::RecordState& state) {
    const bool tls13 = suite.version == tls::Version::tls13;
    tls::TrafficSecret secret;
    for (uint8_t& byte : secret.resize(tls13 ? suite.hash_bytes() : suite.key_bytes())) byte = 1;
    if (tls13) return tls::use_secret(suite, secret, state);
    state.secret = secret;
    for (uint8_t& byte : state.iv.resize(suite.iv_bytes())) byte = 1;
}

void require(bool condition) {
    if (!condition) std::abort();
}

// Padding may hide a KeyUpdate.
bool changes_key(tls::ContentType type, std::string_view content) {
    if (type == tls::ContentType::handshake) return true;
    const size_t last = content.find_last_not_of('\0');
    return static_cast<uint8_t>(type) == 0 && last != std::string_view::npos &&
           static_cast<tls::ContentType>(content[last]) == tls::ContentType::handshake;
}

}  // namespace

// The first byte chooses the suite. Then records: type, length, and what is to be changed in the sealed one (0:
// nothing).
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    constexpr std::array<uint16_t, 4> suites{0x1301, 0x1303, 0xC02F, 0xCCA8};
    if (size == 0) return 0;
    const tls::Suite& suite = *tls::find_suite(suites[data[0] % suites.size()]);
    tls::Engine& engine = *fixture().engine;
    auto keys = engine.secrets.make();
    set_key(suite, keys->read);
    set_key(suite, keys->write);
    tls::OwnRecords reader(engine, tls::Role::server, suite, std::move(keys));
    tls::RecordState peer;
    set_key(suite, peer);
    bool broken = false;
    for (size_t at = 1; at + 4 <= size && !broken;) {
        const auto type = static_cast<tls::ContentType>(data[at]);
        const size_t length = std::min<size_t>(data[at + 1] | (data[at + 2] << 8U), size - at - 4);
        const uint8_t change = data[at + 3];
        const std::string content(reinterpret_cast<const char*>(data) + at + 4, length);
        at += 4 + length;
        if (length > tls::max_fragment_bytes) continue;
        std::string record(tls::sealed_bytes(suite, length), '\0');
        require(tls::seal(*engine.ciphers, suite, peer, peer.sequence++, type, content, record.data()));
        if (change != 0) record[5 + change % (record.size() - 5)] ^= static_cast<char>(change);
        const auto read = reader.read(record);
        using Kind = tls::OwnRecords::Read::Kind;
        // Type 0 is padding, and what is in front of it has the type.
        const bool padded = static_cast<uint8_t>(type) == 0;
        if (read.kind == Kind::content)
            require(change == 0 && (padded ? content.starts_with(read.content) : read.content == content));
        if (change != 0) require(read.kind == Kind::broken);
        broken = read.kind == Kind::broken || read.kind == Kind::ended;
        // The peer's key follows a KeyUpdate as ours does.
        const bool updated =
            suite.version == tls::Version::tls13 && read.kind == Kind::nothing && changes_key(type, content);
        if (updated) tls::update_key(*engine.ciphers, suite, peer);
        if (reader.owes_key_update()) require(!reader.key_update().empty());
    }
    engine.ciphers->forget(peer.cipher);
    return 0;
}
