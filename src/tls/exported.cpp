#include "tls/exported.h"

#include <cstdint>
#include <utility>

namespace seki::tls {

namespace {

constexpr uint8_t format = 3;
constexpr size_t most_bytes = 256 * 1024;  // of one text

class Writer {
public:
    // At once as long as it may become: what moved would leave secrets behind.
    explicit Writer(size_t capacity) { bytes_.reserve(capacity); }

    template <typename Number>
    void number(Number value) {
        for (size_t i = 0; i < sizeof value; ++i)
            bytes_.push_back(static_cast<char>(static_cast<uint64_t>(value) >> (8 * i)));
    }
    void text(std::string_view text) {
        number(static_cast<uint32_t>(text.size()));
        bytes_ += text;
    }
    void secret(std::span<const uint8_t> secret) {
        text({reinterpret_cast<const char*>(secret.data()), secret.size()});
    }
    [[nodiscard]] std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

class Reader {
public:
    explicit Reader(std::string_view bytes) noexcept : bytes_(bytes) {}

    template <typename Number>
    void number(Number& value) {
        const std::string_view taken = take(sizeof value);
        uint64_t read = 0;
        for (size_t i = taken.size(); i-- > 0;) read = (read << 8U) | static_cast<uint8_t>(taken[i]);
        value = static_cast<Number>(read);
    }
    void text(std::string& text) { text = take_text(); }
    template <size_t capacity>
    void secret(Secret<capacity>& secret) {
        const std::string_view taken = take_text();
        good_ &= secret.assign(std::span(reinterpret_cast<const uint8_t*>(taken.data()), taken.size()));
    }
    [[nodiscard]] bool good() const noexcept { return good_; }
    [[nodiscard]] bool done() const noexcept { return good_ && bytes_.empty(); }

private:
    std::string_view take(size_t size) {
        good_ &= size <= bytes_.size();
        if (!good_) return {};
        const std::string_view taken = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return taken;
    }
    std::string_view take_text() {
        uint32_t size = 0;
        number(size);
        good_ &= size <= most_bytes;
        return take(size);
    }

    std::string_view bytes_;
    bool good_ = true;
};

void write(Writer& out, const RecordState& state) {
    out.secret(state.secret.bytes());
    out.secret(state.iv.bytes());
    out.number(state.sequence);
}

void read(Reader& in, RecordState& state) {
    in.secret(state.secret);
    in.secret(state.iv);
    in.number(state.sequence);
}

bool fits(const Suite& suite, const RecordState& state) noexcept {
    const size_t secret_bytes = suite.version == Version::tls12 ? suite.key_bytes() : suite.hash_bytes();
    return state.secret.bytes().size() == secret_bytes && state.iv.bytes().size() == suite.iv_bytes();
}

void write_certificate(Writer& out, const Certificate& certificate) {
    out.number(certificate.rank.expires_at_s);
    out.number(certificate.rank.not_before_s);
    out.text({reinterpret_cast<const char*>(certificate.fingerprint().data()), certificate.fingerprint().size()});
    out.text(certificate.names);
}

CertificatePtr read_certificate(Reader& in) {
    auto certificate = std::make_shared<Certificate>();
    in.number(certificate->rank.expires_at_s);
    in.number(certificate->rank.not_before_s);
    std::string fingerprint;
    in.text(fingerprint);
    if (fingerprint.size() != certificate->rank.fingerprint.size()) return nullptr;
    std::copy(fingerprint.begin(), fingerprint.end(), certificate->rank.fingerprint.begin());
    const auto names = std::make_shared<std::string>();
    in.text(*names);
    certificate->names = *names;
    certificate->owner = names;
    return certificate;
}

void write_client(Writer& out, const ClientCertificatePtr& client) {
    out.number(static_cast<uint8_t>(client != nullptr));
    if (client == nullptr) return;
    out.text(client->subject);
    out.text(client->alternative_names);
    out.text(client->fingerprint);
}

ClientCertificatePtr read_client(Reader& in) {
    uint8_t there = 0;
    in.number(there);
    if (there == 0) return nullptr;
    auto client = std::make_shared<ClientCertificate>();
    in.text(client->subject);
    in.text(client->alternative_names);
    in.text(client->fingerprint);
    return client;
}

}  // namespace

std::string write_exported(const Exported& connection, const Secrets& secrets) {
    const ConnectionInfo& info = connection.info;
    static const Certificate none;
    const Certificate& certificate = info.certificate != nullptr ? *info.certificate : none;
    size_t texts = certificate.names.size() + info.server_name.size();
    if (info.client != nullptr) texts += info.client->subject.size() + info.client->alternative_names.size();
    Writer out(1024 + texts + connection.raw.size() + connection.content.size() + connection.control.size());
    out.number(format);
    out.number(static_cast<uint8_t>(connection.role));
    out.number(info.suite);
    out.number(info.version);
    out.number(static_cast<uint8_t>(info.protocol));
    out.number(static_cast<uint8_t>(info.resumed));
    out.text(info.server_name);
    write_certificate(out, certificate);
    write_client(out, info.client);
    write(out, secrets.read);
    write(out, secrets.write);
    out.number(connection.progress.begun_hash);
    out.number(connection.progress.begun_content);
    out.number(connection.progress.begun_sent);
    out.number(static_cast<uint8_t>(connection.progress.owes_key_update));
    out.number(connection.progress.head_bytes);
    out.number(connection.progress.max_fragment);
    out.number(connection.progress.head);
    out.number(connection.progress.passing);
    out.number(static_cast<uint8_t>(connection.input_ended));
    out.number(static_cast<uint8_t>(connection.said_all));
    out.text(connection.raw);
    out.text(connection.content);
    out.text(connection.control);
    return out.take();
}

Result<Exported> read_exported(std::string_view bytes, Secrets& secrets) {
    const auto wrong = failure("a TLS connection came in a form that this version does not know");
    Reader in(bytes);
    uint8_t told = 0;
    in.number(told);
    if (told != format) return wrong;
    Exported connection;
    ConnectionInfo& info = connection.info;
    uint8_t role = 0;
    uint8_t protocol = 0;
    in.number(role);
    in.number(info.suite);
    in.number(info.version);
    in.number(protocol);
    in.number(info.resumed);
    in.text(info.server_name);
    info.certificate = read_certificate(in);
    info.client = read_client(in);
    read(in, secrets.read);
    read(in, secrets.write);
    in.number(connection.progress.begun_hash);
    in.number(connection.progress.begun_content);
    in.number(connection.progress.begun_sent);
    in.number(connection.progress.owes_key_update);
    in.number(connection.progress.head_bytes);
    in.number(connection.progress.max_fragment);
    in.number(connection.progress.head);
    in.number(connection.progress.passing);
    in.number(connection.input_ended);
    in.number(connection.said_all);
    in.text(connection.raw);
    in.text(connection.content);
    in.text(connection.control);
    const Suite* suite = find_suite(info.suite);
    const bool sane = in.done() && info.certificate != nullptr && suite != nullptr && fits(*suite, secrets.read) &&
                      fits(*suite, secrets.write) && protocol <= static_cast<uint8_t>(Alpn::h2) &&
                      role <= static_cast<uint8_t>(Role::client) && connection.progress.head_bytes < 4 &&
                      connection.progress.max_fragment > 0 && connection.progress.max_fragment <= max_fragment_bytes &&
                      connection.progress.begun_content <= connection.progress.max_fragment;
    if (!sane) return wrong;
    // Of a record that has begun to leave something is left.
    const uint32_t begun = connection.progress.begun_content;
    if (connection.progress.begun_sent >= (begun > 0 ? sealed_bytes(*suite, begun) : 1)) return wrong;
    info.protocol = static_cast<Alpn>(protocol);
    connection.role = static_cast<Role>(role);
    if (connection.role == Role::client) info.certificate = nullptr;
    return connection;
}

}  // namespace seki::tls
