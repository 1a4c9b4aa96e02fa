// An OpenID Connect provider that keeps everything in memory and takes any name and password. Its people are called as they sign in;
// whose name begins with "unverified" has an address nobody has checked.
import Provider from "oidc-provider";

const [port, redirect] = process.argv.slice(2);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "allocora",
      client_secret: "a secret of the tests",
      redirect_uris: [redirect],
      grant_types: ["authorization_code"],
      response_types: ["code"],
      token_endpoint_auth_method: "client_secret_post",
    },
  ],
  claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"] },
  cookies: { keys: ["only for tests"] },
  features: { devInteractions: { enabled: true } },
  pkce: { methods: ["S256"], required: () => true },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, name: `${sub} of the provider`, email: `${sub}@example.com`, email_verified: !sub.startsWith("unverified") }),
  }),
});

provider.listen(Number(port), "127.0.0.1");
