// One session of jsforce with the org that the settings (JSON, first argument) describe. What it saw goes to standard output as JSON.
'use strict';

const { createSign } = require('crypto');
const { readFileSync } = require('fs');
const jsforce = require('jsforce');

const settings = JSON.parse(process.argv[2]);
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function assertion() {
  const claims = { iss: settings.clientId, sub: settings.username, aud: settings.url, exp: settings.exp };
  const signed = `${base64url({ alg: 'RS256' })}.${base64url(claims)}`;
  const signature = createSign('RSA-SHA256').update(signed).sign(readFileSync(settings.key), 'base64url');
  return `${signed}.${signature}`;
}

function connection() {
  const { url: loginUrl, clientId, clientSecret } = settings;
  const oauth2 = { loginUrl, clientId, clientSecret };
  return new jsforce.Connection({ loginUrl, oauth2, version: '62.0' });
}

async function refused(attempt) {
  try {
    await attempt();
    return null;
  } catch (error) {
    return { code: error.errorCode || error.name, message: error.message };
  }
}

async function main() {
  const seen = {};
  const byAssertion = connection();
  const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: assertion() };
  seen.user = await byAssertion.authorize(grant);
  seen.identity = (await byAssertion.identity()).username;

  const conn = connection();
  await conn.authorize({ grant_type: 'client_credentials' });
  const query = conn.query('SELECT Id, Username FROM User ORDER BY Username', { autoFetch: true, maxFetch: 5000 });
  seen.users = (await query).records.map((user) => user.Username);
  const first = await conn.query('SELECT Id FROM User');
  seen.pages = { total: first.totalSize, done: first.done, next: (await conn.queryMore(first.nextRecordsUrl)).records.length };
  seen.fields = (await conn.sobject('EventLogFile').describe()).fields.map((field) => field.name);
  seen.objects = (await conn.describeGlobal()).sobjects.map((object) => object.name);
  const listed = await conn.query(
    "SELECT Id, LogFile, LogFileLength FROM EventLogFile WHERE Interval = 'Hourly' ORDER BY LogFileLength DESC LIMIT 1",
  );
  const [file] = listed.records;
  seen.file = { length: file.LogFileLength, bytes: Buffer.byteLength(await conn.request(file.LogFile)) };
  seen.limits = (await conn.limits()).DailyApiRequests;
  seen.usage = conn.limitInfo.apiUsage;
  seen.badQuery = await refused(() => conn.query('SELECT Id, Nonsense FROM User'));

  const refreshed = new jsforce.Connection({
    oauth2: conn.oauth2, instanceUrl: settings.url, accessToken: 'expired', refreshToken: settings.refreshToken, version: '62.0',
  });
  seen.refreshed = (await refreshed.query('SELECT COUNT() FROM User')).totalSize;
  const bySoap = new jsforce.Connection({ loginUrl: settings.url });
  seen.soap = await refused(() => bySoap.login(settings.username, 'secret'));
  await conn.logout();
  seen.afterLogout = await refused(() => byAssertion.request('/services/data/v21.0/limits'));
  process.stdout.write(JSON.stringify(seen));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
