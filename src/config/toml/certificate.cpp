#include "config/toml/certificate.h"

#include "config/limits.h"

namespace seki::config {
namespace {

std::optional<std::string> read(TableReader& table, const Draft& draft, std::string_view key, const std::string& path,
                                size_t max_size) {
    auto text = draft.read_file()(path, max_size);
    if (text) return std::move(*text);
    table.refuse(key, "{}: {}", path, text.error().message);
    return {};
}

std::optional<std::string> read(TableReader& table, const Draft& draft, std::string_view key) {
    const auto path = table.text(key);
    return path ? read(table, draft, key, *path, max_pem_size) : std::nullopt;
}

bool go_together(TableReader& table) {
    const bool certified = table.has("certificate");
    if (certified && !table.has("key")) table.missing("key");
    for (const std::string_view key : {"certificate_chain", "key"}) {
        if (!certified && table.has(key)) table.refuse(key, "it needs the key 'certificate'");
    }
    return certified && table.has("key");
}

}  // namespace

std::optional<command::CertificateAndKey> read_identity(TableReader& table, const Draft& draft) {
    auto certificate = read(table, draft, "certificate");
    auto chain = read(table, draft, "certificate_chain");
    auto key = read(table, draft, "key");
    const bool chain_is_missing = table.has("certificate_chain") && !chain;
    if (!go_together(table) || !certificate || !key || chain_is_missing) return {};
    command::CertificateAndKey read;
    read.set_certificate(std::move(*certificate));
    if (chain) read.add_certificate_chain(std::move(*chain));
    read.set_key(std::move(*key));
    return read;
}

std::optional<command::CertificateAndKey> read_certificate(TableReader& table, const Draft& draft) {
    auto certificate = read_identity(table, draft);
    const auto path = table.text("ocsp_response");
    if (!table.has("certificate") && table.has("ocsp_response"))
        table.refuse("ocsp_response", "it needs the key 'certificate'");
    auto response = path ? read(table, draft, "ocsp_response", *path, max_ocsp_response_size) : std::nullopt;
    if (certificate && response) certificate->set_ocsp_response(std::move(*response));
    return certificate;
}

void read_pem_files(TableReader& table, const Draft& draft, std::string_view key, const std::vector<std::string>& paths,
                    google::protobuf::RepeatedPtrField<std::string>& texts) {
    for (const std::string& path : paths) {
        auto text = read(table, draft, key, path, max_revocations_size);
        if (text) *texts.Add() = std::move(*text);
    }
}

}  // namespace seki::config
