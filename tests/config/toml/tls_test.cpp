// HTTPS in the configuration file. Its certificates stand in files of their own, which the tests hold in memory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "config/toml/reading.h"
#include "x509/made.h"

namespace seki::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Files {
    std::map<std::string, std::string> texts;

    Files() {
        put("shop", x509::made::pair_for("shop.example"));
        put("wild", x509::made::pair_for("*.example"));
        put("old", x509::made::pair_for("old.example", x509::made::year_2020 + 1));
    }
    void put(const std::string& name, const x509::made::Pair& pair) {
        texts["certs/" + name + ".pem"] = pair.certificate;
        texts["certs/" + name + ".key"] = pair.key;
    }
    [[nodiscard]] ReadFile reader(const std::string& directory = "") const {
        return [this, directory](const std::string& path, size_t) -> Result<std::string> {
            const auto found = texts.find(path.starts_with(directory) ? path.substr(directory.size()) : path);
            if (found == texts.end()) return failure("cannot open it: No such file or directory");
            return found->second;
        };
    }
};

constexpr const char* https = R"(
[[listeners]]
protocol = "https"
address = "127.0.0.1:443"
)";

constexpr const char* own_certificate = R"(
certificate = "certs/shop.pem"
key = "certs/shop.key"
)";

constexpr const char* site = R"(
[clusters.shop]
protocol = "http"
backends = [{ address = "127.0.0.1:9000" }]
[[clusters.shop.frontends]]
address = "127.0.0.1:443"
hostname = "shop.example"
)";

struct TomlTls : testing::Test {
    Files files;

    FileConfig taken(const std::string& text) { return accepted(text, files.reader("dir/")); }
    std::vector<std::string> wrong(const std::string& text) { return errors(text, files.reader()); }
};

TEST_F(TomlTls, every_key_of_a_listener_arrives) {
    const FileConfig config = taken(std::string(https) + own_certificate + R"(
tls_versions = ["TLS_V13", "TLS_V12"]
cipher_list = ["TLS13_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]
groups_list = ["x25519"]
signature_algorithms = ["ECDSA+SHA256"]
send_tls13_tickets = 2
alpn_protocols = ["http/1.1"]
strict_sni_binding = false
handshake_timeout = 7
own_tls_records = false
hsts = { enabled = true, include_subdomains = true }
)");
    const command::HttpsListenerConfig& listener = config.changes.at(0)->add_https_listener();
    EXPECT_THAT(listener.versions(), ElementsAre(command::TLS_V1_2, command::TLS_V1_3));
    EXPECT_EQ(listener.cipher_list_size(), 2);
    EXPECT_THAT(listener.groups_list(), ElementsAre("x25519"));
    EXPECT_THAT(listener.signature_algorithms(), ElementsAre("ECDSA+SHA256"));
    EXPECT_EQ(listener.send_tls13_tickets(), 2U);
    EXPECT_THAT(listener.alpn_protocols(), ElementsAre("http/1.1"));
    EXPECT_FALSE(listener.strict_sni_binding());
    EXPECT_EQ(listener.handshake_timeout(), 7U);
    EXPECT_FALSE(listener.own_tls_records());
    EXPECT_EQ(listener.hsts().max_age(), 31'536'000U);
    EXPECT_TRUE(listener.hsts().include_subdomains());
    EXPECT_EQ(listener.certificate(), files.texts.at("certs/shop.pem"));
}

TEST_F(TomlTls, a_listener_says_little_and_gets_the_rest) {
    const FileConfig config = taken(std::string("front_timeout = 7\n") + https);
    const command::HttpsListenerConfig& listener = config.changes.at(0)->add_https_listener();
    EXPECT_EQ(listener.send_tls13_tickets(), 1U);
    EXPECT_EQ(listener.front_timeout(), 7U);
    EXPECT_THAT(listener.versions(), IsEmpty());
    EXPECT_THAT(warnings(config),
                ElementsAre("dir/seki.toml:5: listeners[0].address: the listener on 127.0.0.1:443 has no certificate: "
                            "every handshake fails"));
}

TEST_F(TomlTls, the_certificate_of_a_listener_is_one_of_its_address) {
    const FileConfig config = taken(std::string(https) + own_certificate + site);
    EXPECT_THAT(verbs(config), ElementsAre("AddHttpsListener", "AddCertificate", "AddCluster", "AddHttpsFrontend",
                                           "AddBackend", "ActivateListener"));
    EXPECT_THAT(config.changes.at(1)->add_certificate().certificate().names(), ElementsAre("shop.example"));
    EXPECT_THAT(warnings(config), IsEmpty());
}

// Or one that goes between two readings would be left out, and nobody told.
TEST_F(TomlTls, the_files_of_a_listener_are_read_once) {
    files.texts["certs/shop.der"] =
        x509::made::good_ocsp_response({files.texts.at("certs/shop.pem"), files.texts.at("certs/shop.key")});
    std::map<std::string, int> read;
    const ReadFile reader = [&](const std::string& path, size_t max_size) {
        ++read[path];
        return files.reader("dir/")(path, max_size);
    };
    accepted(std::string(https) + own_certificate + "ocsp_response = \"certs/shop.der\"\n" + site, reader);
    EXPECT_THAT(read, ElementsAre(std::pair("dir/certs/shop.der", 1), std::pair("dir/certs/shop.key", 1),
                                  std::pair("dir/certs/shop.pem", 1)));
}

TEST_F(TomlTls, an_ocsp_response_stands_beside_its_certificate) {
    files.texts["certs/shop.der"] =
        x509::made::good_ocsp_response({files.texts.at("certs/shop.pem"), files.texts.at("certs/shop.key")});
    const std::string response = "ocsp_response = \"certs/shop.der\"\n";
    for (const std::string& text : {std::string(https) + own_certificate + response + site,
                                    std::string(https) + site + own_certificate + response}) {
        const FileConfig config = taken(text);
        EXPECT_EQ(config.changes.at(1)->add_certificate().certificate().ocsp_response(),
                  files.texts.at("certs/shop.der"));
    }
    EXPECT_THAT(wrong(std::string(https) + own_certificate + "ocsp_response = \"none\"\n"),
                ElementsAre(HasSubstr("listeners[0].ocsp_response: none: cannot open it")));
    EXPECT_THAT(wrong(std::string(https) + own_certificate + "ocsp_response = \"certs/shop.pem\"\n"),
                ElementsAre(HasSubstr("listeners[0].ocsp_response: it is no OCSP response in DER")));
}

TEST_F(TomlTls, a_frontend_brings_a_certificate_of_its_own) {
    const FileConfig config = taken(std::string(https) + site + own_certificate + R"(
certificate_chain = "certs/wild.pem"
hsts = { enabled = false }
)");
    EXPECT_THAT(verbs(config), ElementsAre("AddHttpsListener", "AddCertificate", "AddCluster", "AddHttpsFrontend",
                                           "AddBackend", "ActivateListener"));
    EXPECT_THAT(config.changes.at(1)->add_certificate().certificate().certificate_chain(),
                ElementsAre(files.texts.at("certs/wild.pem")));
    EXPECT_TRUE(config.changes.at(3)->add_https_frontend().has_hsts());
}

TEST_F(TomlTls, one_certificate_of_many_frontends_is_added_once) {
    const FileConfig config = taken(std::string(https) + R"(
[clusters.shop]
protocol = "http"
backends = [{ address = "127.0.0.1:9000" }]
frontends = [
    { address = "127.0.0.1:443", hostname = "a.example", certificate = "certs/wild.pem", key = "certs/wild.key" },
    { address = "127.0.0.1:443", hostname = "b.example", certificate = "certs/wild.pem", key = "certs/wild.key" },
    { address = "127.0.0.1:443", hostname = "c.example" },
]
)");
    const std::vector<std::string> all = verbs(config);
    EXPECT_EQ(std::ranges::count(all, "AddCertificate"), 1);
    EXPECT_EQ(std::ranges::count(all, "AddHttpsFrontend"), 3);
    EXPECT_THAT(warnings(config), IsEmpty());
}

TEST_F(TomlTls, a_host_without_a_certificate_is_told) {
    EXPECT_THAT(warnings(taken(std::string(https) + R"(
certificate = "certs/wild.pem"
key = "certs/wild.key"
[clusters.shop]
protocol = "http"
backends = [{ address = "127.0.0.1:9000" }]
frontends = [{ address = "127.0.0.1:443", hostname = "a.b.example" }]
)")),
                ElementsAre(HasSubstr(":11: clusters.shop.frontends[0].hostname: no certificate on 127.0.0.1:443 is "
                                      "for 'a.b.example': its clients are shown the listener's own one")));
}

TEST_F(TomlTls, an_expired_certificate_is_told) {
    EXPECT_THAT(warnings(taken(std::string(https) + "certificate = \"certs/old.pem\"\nkey = \"certs/old.key\"\n")),
                ElementsAre("dir/seki.toml:5: listeners[0].certificate: it has expired on 2020-01-01T00:00:01Z: "
                            "clients refuse it"));
}

TEST_F(TomlTls, a_frontend_with_a_certificate_gets_a_listener_where_the_file_says_so) {
    const FileConfig config = taken(std::string("implicit_listeners = true\n") + site + own_certificate);
    EXPECT_THAT(verbs(config), Contains("AddHttpsListener"));
    EXPECT_THAT(wrong(std::string(site) + own_certificate), ElementsAre(HasSubstr("protocol = \"https\"")));
}

TEST_F(TomlTls, a_frontend_with_a_certificate_needs_a_listener_that_shows_it) {
    EXPECT_THAT(wrong(std::string("[[listeners]]\nprotocol = \"http\"\naddress = \"127.0.0.1:443\"\n") + site +
                      own_certificate),
                ElementsAre(HasSubstr("address: the listener of line 1 is one of http, not of https")));
}

TEST_F(TomlTls, what_is_wrong_with_a_file_is_said_of_its_key) {
    const std::string text = std::string(https) + "certificate = \"certs/shop.pem\"\n";
    EXPECT_THAT(wrong(text + "key = \"certs/none.key\"\n"),
                ElementsAre("s.toml:6: listeners[0].key: certs/none.key: cannot open it: No such file or directory"));
    EXPECT_THAT(wrong(text + "key = \"certs/wild.key\"\n"),
                ElementsAre("s.toml:6: listeners[0].key: the key does not belong to the certificate"));
    EXPECT_THAT(wrong(text), ElementsAre("s.toml:2: listeners[0]: the key 'key' is missing"));
    EXPECT_THAT(wrong(std::string(https) + "key = \"certs/shop.key\"\n"),
                ElementsAre("s.toml:5: listeners[0].key: it needs the key 'certificate'"));
    files.texts["certs/shop.key"] = "-----BEGIN EC PRIVATE KEY-----\n!\n";
    EXPECT_THAT(wrong(std::string(https) + site + own_certificate),
                ElementsAre("s.toml:14: clusters.shop.frontends[0].key: line 2 is no base64"));
}

TEST_F(TomlTls, names_that_nobody_offers_are_refused) {
    EXPECT_THAT(wrong(std::string(https) + R"(
tls_versions = ["TLS_V14"]
cipher_list = ["RC4"]
groups_list = ["P-1"]
alpn_protocols = ["h3"]
)"),
                Contains(HasSubstr("tls_versions: 'TLS_V14' is no version of TLS")));
    EXPECT_THAT(wrong(std::string(https) + "tls_versions = [\"TLS_V11\"]"),
                ElementsAre(HasSubstr("tls_versions: none of them is offered")));
    EXPECT_THAT(warnings(taken(std::string(https) + own_certificate + "tls_versions = [\"TLS_V11\", \"TLS_V12\"]")),
                ElementsAre(HasSubstr("tls_versions: TLS_V11 is not offered: it is broken")));
}

TEST_F(TomlTls, keys_without_an_effect_are_told) {
    EXPECT_THAT(warnings(taken(std::string(https) + own_certificate + "cipher_suites = [\"x\"]\n" + site +
                               "tls_versions = [\"TLS_V12\"]\n")),
                ElementsAre(HasSubstr("cipher_suites: it has no effect"), HasSubstr("tls_versions: it has no effect")));
    EXPECT_THAT(warnings(taken("[[listeners]]\nprotocol = \"http\"\naddress = \"127.0.0.1:80\"\ncertificate = \"c\"\n"
                               "alpn_protocols = []\nhandshake_timeout = 1\n")),
                ElementsAre(HasSubstr("certificate: it has no effect: only https"),
                            HasSubstr("alpn_protocols: it has no effect: only https"),
                            HasSubstr("handshake_timeout: it has no effect: only https")));
}

TEST_F(TomlTls, hsts_belongs_to_https) {
    EXPECT_THAT(wrong("[[listeners]]\nprotocol = \"http\"\naddress = \"127.0.0.1:443\"\n" + std::string(site) +
                      "hsts = { enabled = true }\n"),
                ElementsAre(HasSubstr("hsts: only https frontends have it")));
    EXPECT_THAT(wrong("[[listeners]]\nprotocol = \"tcp\"\naddress = \"127.0.0.1:443\"\nhsts = { enabled = true }\n"),
                ElementsAre(HasSubstr("hsts: only https listeners have it")));
    EXPECT_THAT(wrong(std::string(https) + "hsts = { max_age = 7 }\n"),
                Contains(HasSubstr("the key 'enabled' is missing")));
}

TEST_F(TomlTls, certificates_of_clients_are_read_with_what_recognises_them) {
    files.texts["certs/ca.pem"] = x509::made::pair().certificate;
    files.texts["certs/gone.pem"] = x509::made::revocation_list({.issuer = "a"});
    const auto listener = taken(std::string(https) + own_certificate + R"(client_auth = "Required"
client_ca_certificates = ["certs/ca.pem"]
client_ca_crls = ["certs/gone.pem"]
client_auth_headers = { subject = "X-Subject" }
)");
    const auto& read = listener.changes[0]->add_https_listener();
    EXPECT_EQ(read.client_auth(), command::CLIENT_AUTH_REQUIRED);
    EXPECT_EQ(read.client_ca_certificates(0), files.texts["certs/ca.pem"]);
    EXPECT_EQ(read.client_ca_crls(0), files.texts["certs/gone.pem"]);
    EXPECT_EQ(read.client_auth_headers().subject(), "X-Subject");
    EXPECT_THAT(wrong(std::string(https) + "client_auth = \"required\"\nclient_ca_certificates = [\"certs/none.pem\"]"),
                Contains(HasSubstr("client_ca_certificates: certs/none.pem: cannot open it")));
    EXPECT_THAT(wrong(std::string(https) + "client_ca_certificates = [\"certs/ca.pem\"]"),
                ElementsAre(HasSubstr("client_ca_certificates: it needs the key 'client_auth'")));
    EXPECT_THAT(warnings(taken(std::string(https) + own_certificate +
                               "client_auth = \"none\"\nclient_ca_crls = [\"none.pem\"]\n")),
                ElementsAre(HasSubstr("client_ca_crls: it has no effect with client_auth = \"none\"")));
    EXPECT_THAT(wrong("[[listeners]]\nprotocol = \"http\"\naddress = \"127.0.0.1:80\"\nclient_auth = \"none\"\n"),
                ElementsAre(HasSubstr("client_auth: only https listeners have it")));
}

TEST_F(TomlTls, what_is_wrong_with_tls_to_backends_is_named_with_its_key) {
    files.texts["certs/ca.pem"] = "x";
    const auto found = wrong(
        "[clusters.a]\nprotocol = \"http\"\n[clusters.a.tls]\nca_certificates = [\"certs/ca.pem\"]\n"
        "verify = false\npinned_keys = [\"x\"]\nserver_name = \"*.b\"\n"
        "alpn_protocols = [\"h2\", \"smtp\"]\n" +
        std::string(own_certificate));
    EXPECT_THAT(found, Contains(HasSubstr("clusters.a.tls: server_name: '*.b' is no name of a host")));
    EXPECT_THAT(found, Contains(HasSubstr("clusters.a.tls: pinned_keys: 'x' is no SHA-256 in 64 hexadecimal digits")));
    EXPECT_THAT(found, Contains(HasSubstr("clusters.a.tls: alpn_protocols: 'smtp' is neither h2 nor http/1.1")));
    EXPECT_THAT(found, Contains(HasSubstr("clusters.a.tls: alpn_protocols: HTTP/2 towards backends")));
    EXPECT_THAT(found, Contains(HasSubstr("clusters.a.tls: ca_certificates: it holds no certificate in PEM")));
}

TEST_F(TomlTls, an_ocsp_response_for_backends_is_refused_not_ignored) {
    EXPECT_THAT(wrong("[clusters.a]\nprotocol = \"http\"\n[clusters.a.tls]\nocsp_response = \"certs/shop.der\"\n" +
                      std::string(own_certificate)),
                ElementsAre(HasSubstr("clusters.a.tls.ocsp_response: unknown key")));
}

}  // namespace
}  // namespace seki::config
