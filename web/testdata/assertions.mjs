// Makes assertions.json with the library jose: `npm install --ignore-scripts jose` in an empty folder, then
// `node assertions.mjs > assertions.json` there. The keys are thrown away: nobody can sign with them again.
import { readFileSync } from 'node:fs'
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose'

const clientID = '019c0000-0000-7000-8000-00000000c11e'
const at = new Date('2026-03-02T08:00:00Z')
const aud = 'https://wince.test/oauth/token'
const keys = []
const assertions = {}

async function pair(kid, alg, keyAlg) {
  const { privateKey, publicKey } = await generateKeyPair(keyAlg, { modulusLength: 2048, extractable: true })
  keys.push({ ...(await exportJWK(publicKey)), kid, use: 'sig', alg })
  return privateKey
}

const claims = (jti) => ({ iss: clientID, sub: clientID, jti, iat: at.getTime() / 1000, exp: at.getTime() / 1000 + 240 })
const signed = (key, alg, kid, to, jti) => new SignJWT({ ...claims(jti), aud: to }).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(key)

const rsa = await pair('foreign-rsa', 'RS384', 'RS384')
const ec = await pair('foreign-ec', 'ES384', 'ES384')
assertions.RS384 = await signed(rsa, 'RS384', 'foreign-rsa', aud, 'a')
assertions.ES384 = await signed(ec, 'ES384', 'foreign-ec', aud, 'b')
assertions['ES384 for another server'] = await signed(ec, 'ES384', 'foreign-ec', 'https://other.test/oauth/token', 'c')
assertions.none = new UnsecuredJWT({ ...claims('d'), aud }).encode()
const rs256 = (await generateKeyPair('RS256', { modulusLength: 2048 })).privateKey
assertions.RS256 = await signed(rs256, 'RS256', 'foreign-rsa', aud, 'e')

const version = JSON.parse(readFileSync('node_modules/jose/package.json', 'utf8')).version
console.log(JSON.stringify({ made_with: `jose ${version}`, client_id: clientID, at: at.toISOString(), jwks: { keys }, assertions }, null, 2))
